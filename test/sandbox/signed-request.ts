import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { JPEG_BASE64, SECRET_ID, SECRET_KEY } from './sandbox-under-test.ts';

type SdkSign = typeof import('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js', { with: {
  'resolution-mode': 'require',
}});

/** The official SDK's signer: required, because loaders disagree on what the default export of such a module is. */
const { default: sdkSign }: SdkSign = createRequire(import.meta.url)(
  'tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js',
);

/** What a test may want to be different from a correct call. */
export interface CallDetails {
  readonly method?: string;
  readonly payload?: unknown;
  readonly contentType?: string;
  readonly timestampS?: number;
  readonly secretId?: string;
  readonly secretKey?: string;
  /** Sent after signing: overrides a header, or removes it when undefined. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Sent instead of what was signed. */
  readonly body?: string;
}

export interface RawCall {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function question(idCard: string, name = '测试', more: object = {}): object {
  return { IdCard: idCard, Name: name, ImageBase64: JPEG_BASE64, ...more };
}

/** A call signed by the official SDK's own signing function, to be sent over any kind of socket. */
export function signedCall(port: number, details: CallDetails = {}): RawCall {
  const method = details.method ?? 'POST';
  const payload = details.payload ?? {};
  const timestamp = details.timestampS ?? Math.floor(Date.now() / 1000);
  const signed: Record<string, string> = { 'Content-Type': details.contentType ?? 'application/json' };
  const authorization = sdkSign.sign3({
    method,
    url: `http://127.0.0.1:${port}/`,
    payload,
    timestamp,
    service: 'faceid',
    secretId: details.secretId ?? SECRET_ID,
    secretKey: details.secretKey ?? SECRET_KEY,
    multipart: false,
    boundary: '',
    headers: signed,
  });
  const headers = {
    ...signed,
    Authorization: authorization,
    'X-TC-Action': 'ImageRecognitionV2',
    'X-TC-Version': '2018-03-01',
    'X-TC-Timestamp': String(timestamp),
    'X-TC-Region': 'null',
    ...details.headers,
  };
  return {
    method,
    headers: Object.fromEntries(
      Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    body: details.body ?? JSON.stringify(payload),
  };
}

/** The bytes of a call as HTTP/1.1 puts them on the wire. */
export function wireBytes(port: number, call: RawCall, connection = 'close'): Buffer {
  const body = Buffer.from(call.body);
  const lines = [
    `${call.method} / HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    `Connection: ${connection}`,
    `Content-Length: ${body.length}`,
    ...Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

export interface RawOutcome {
  readonly received: string;
  /** The error code of the socket, if it did not end in an orderly way. */
  readonly error: string | undefined;
}

/** Sends bytes over a socket of its own and collects what comes back until the connection is gone. */
export function exchange(port: number, bytes: Buffer): Promise<RawOutcome> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let error: string | undefined;
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code;
    });
    socket.on('close', () => resolve({ received: Buffer.concat(chunks).toString(), error }));
    socket.write(bytes);
  });
}

export interface ApiResponse {
  readonly Response: {
    readonly Error?: { readonly Code: string; readonly Message: string };
    readonly Result?: string;
    readonly Description?: string;
    readonly Sim?: number | null;
    readonly Extra?: string;
    readonly RequestId?: string;
  };
}

/** Sends a call and reads the JSON it is answered. */
export async function callApi(port: number, details: CallDetails = {}): Promise<ApiResponse['Response']> {
  const call = signedCall(port, details);
  const { received } = await exchange(port, wireBytes(port, call));
  const body = received.slice(received.indexOf('\r\n\r\n') + 4);
  return (JSON.parse(body) as ApiResponse).Response;
}

export async function ask(port: number, idCard: string, name?: string): Promise<ApiResponse['Response']> {
  return callApi(port, { payload: question(idCard, name) });
}

/** The code of an answer, wherever it stands. */
export function codeOf(response: ApiResponse['Response']): string | undefined {
  return response.Error?.Code ?? response.Result;
}
