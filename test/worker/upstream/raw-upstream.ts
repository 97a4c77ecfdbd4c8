import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import type { PreparedCall } from '../../../worker/upstream/prepared-call.ts';
import {
  type CallResult,
  createUpstreamClient,
  type UpstreamClient,
  type UpstreamClientDeps,
} from '../../../worker/upstream/upstream-client.ts';

/** What one connection has received. A request is `complete` when its Content-Length is reached. */
interface ReceivedRequest {
  readonly headers: string;
  readonly body: Buffer;
}

export interface RawUpstream {
  readonly endpoint: URL;
  readonly requests: readonly ReceivedRequest[];
  /** Bytes of body that came of a request that never completed, by connection. */
  readonly abandoned: readonly Buffer[];
  readonly connections: () => number;
  /** Resolves when a connection has closed with a request incomplete. */
  readonly nextAbandoned: () => Promise<Buffer>;
  readonly close: () => Promise<void>;
}

export interface RawBehavior {
  readonly onConnection?: (socket: Socket, index: number) => void;
  /** Called with every read, `missing` being the bytes of body still to come. */
  readonly onProgress?: (socket: Socket, missing: number) => void;
  readonly onRequest?: (socket: Socket, request: ReceivedRequest, index: number) => void;
}

/** An upstream made of sockets, so that it can break HTTP wherever a test wants it broken. */
export async function startRawUpstream(behavior: RawBehavior): Promise<RawUpstream> {
  const sockets = new Set<Socket>();
  const requests: ReceivedRequest[] = [];
  const abandoned: Buffer[] = [];
  const waiting: ((body: Buffer) => void)[] = [];
  let connections = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const request = parseRequest(received);
      if (request === null) return;
      behavior.onProgress?.(socket, request.missing);
      if (request.missing > 0) return;
      received = Buffer.alloc(0);
      requests.push(request);
      behavior.onRequest?.(socket, request, requests.length - 1);
    });
    socket.on('close', () => {
      sockets.delete(socket);
      const partial = parseRequest(received);
      if (partial === null) return;
      abandoned.push(partial.body);
      waiting.shift()?.(partial.body);
    });
    behavior.onConnection?.(socket, connections);
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: new URL(`http://127.0.0.1:${port}`),
    requests,
    abandoned,
    connections: () => connections,
    nextAbandoned: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The bytes of an answer with a right Content-Length. */
export function httpAnswer(body: string, { status = '200 OK', headers = [] as string[] } = {}): string {
  const lines = [`HTTP/1.1 ${status}`, ...headers, `content-length: ${Buffer.byteLength(body)}`];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export function jsonAnswer(response: unknown, headers: string[] = []): string {
  return httpAnswer(JSON.stringify({ Response: response }), { headers });
}

export const CREDENTIALS = { secretId: 'test-secret-id', secretKey: 'test-secret-key' };

/** No real person: the area code does not exist. */
export const SUBJECT = {
  idCard: '999999190001010000',
  name: '测试甲',
  photo: Buffer.from('not really a photo'),
};

export type ClientOptions = Partial<Omit<UpstreamClientDeps, 'limits'>> & {
  readonly limits?: Partial<UpstreamClientDeps['limits']>;
};

export function makeClient(endpoint: URL, { limits, ...deps }: ClientOptions = {}): UpstreamClient {
  return createUpstreamClient({
    endpoint,
    credentials: CREDENTIALS,
    now: Date.now,
    ...deps,
    limits: { answerTimeoutMs: 15_000, ...limits },
  });
}

/** Uploads and completes at once, as if the slot were there. */
export async function callAtOnce(
  client: UpstreamClient,
  prepared: PreparedCall,
  signal: AbortSignal = neverAborted(),
): Promise<CallResult> {
  const upload = await client.upload(prepared, signal);
  return upload.signal.aborted ? upload.abandon() : upload.complete();
}

export const neverAborted = (): AbortSignal => new AbortController().signal;

function parseRequest(bytes: Buffer): (ReceivedRequest & { missing: number }) | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return null;
  const headers = bytes.subarray(0, end).toString('latin1');
  const length = Number(/^content-length: (\d+)/im.exec(headers)?.[1]);
  const body = Buffer.from(bytes.subarray(end + 4));
  return { headers, body, missing: length - body.length };
}
