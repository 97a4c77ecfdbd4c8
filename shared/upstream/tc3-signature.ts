import { createHash, createHmac } from 'node:crypto';

/**
 * Signature v3 (`TC3-HMAC-SHA256`) of Tencent Cloud API 3.0, for `POST /` with a JSON body.
 *
 * Source: "Signature v3" in the API documentation of any Tencent Cloud service. The host is signed as it travels in
 * the `Host` header.
 */
const ALGORITHM = 'TC3-HMAC-SHA256';
const CONTENT_TYPE = 'application/json';

/**
 * Which headers the signature covers. The upstream accepts either: the official SDKs sign the first set, the current
 * documentation shows the second.
 */
export type SignedHeaders = 'content-type;host' | 'content-type;host;x-tc-action';

export interface Tc3Request {
  readonly secretId: string;
  readonly secretKey: string;
  /** Of temporary credentials (STS). Not part of the signature. */
  readonly token?: string;
  readonly host: string;
  readonly service: string;
  readonly action: string;
  /** API version, `yyyy-mm-dd`. */
  readonly version: string;
  readonly region?: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** Lower-case hex SHA-256 of the body: see `hashPayload`. */
  readonly payloadHash: string;
  /** @default 'application/json' */
  readonly contentType?: string;
  /** @default 'content-type;host' */
  readonly signedHeaders?: SignedHeaders;
}

export interface DerivedKeys {
  readonly date: Buffer;
  readonly service: Buffer;
  readonly signing: Buffer;
}

/** The key that signs on one day (UTC, `yyyy-mm-dd`). */
export type SigningKeyOf = (secretKey: string, date: string, service: string) => Buffer;

const deriveSigningKey: SigningKeyOf = (secretKey, date, service) =>
  deriveKeys(secretKey, date, service).signing;

/** Three of the four HMACs of a signature are the same all day: keeps the key that was derived last. */
export function keepSigningKey(derive: SigningKeyOf = deriveSigningKey): SigningKeyOf {
  let kept: { readonly of: string; readonly key: Buffer } | undefined;
  return (secretKey, date, service) => {
    const of = `${date}|${service}|${secretKey}`;
    if (kept?.of !== of) kept = { of, key: derive(secretKey, date, service) };
    return kept.key;
  };
}

/**
 * All headers the signed request needs except `Host` and `Content-Length`.
 *
 * @param signingKeyOf derives the day's key. Who signs often gives one of {@link keepSigningKey}.
 */
export function signTc3(
  request: Tc3Request,
  signingKeyOf: SigningKeyOf = deriveSigningKey,
): Record<string, string> {
  const contentType = request.contentType ?? CONTENT_TYPE;
  const signedHeaders = request.signedHeaders ?? 'content-type;host';
  const date = formatUtcDate(request.timestamp);
  const scope = `${date}/${request.service}/tc3_request`;
  const toSign = stringToSign(
    request.timestamp,
    scope,
    canonicalRequest(request, contentType, signedHeaders),
  );
  const signature = hmac(signingKeyOf(request.secretKey, date, request.service), toSign).toString('hex');
  return {
    authorization: `${ALGORITHM} Credential=${request.secretId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    'content-type': contentType,
    'x-tc-action': request.action,
    'x-tc-version': request.version,
    'x-tc-timestamp': String(request.timestamp),
    ...(request.region === undefined ? {} : { 'x-tc-region': request.region }),
    ...(request.token === undefined ? {} : { 'x-tc-token': request.token }),
  };
}

/** Step 1 of the documentation. Values are trimmed and lower-cased there; the host and type here already are. */
export function canonicalRequest(
  { host, action, payloadHash }: Pick<Tc3Request, 'host' | 'action' | 'payloadHash'>,
  contentType: string,
  signedHeaders: SignedHeaders,
): string {
  const actionLine = signedHeaders.endsWith('x-tc-action') ? `x-tc-action:${action.toLowerCase()}\n` : '';
  return `POST\n/\n\ncontent-type:${contentType}\nhost:${host}\n${actionLine}\n${signedHeaders}\n${payloadHash}`;
}

/** Step 2. */
export function stringToSign(timestamp: number, scope: string, canonical: string): string {
  return `${ALGORITHM}\n${timestamp}\n${scope}\n${hashPayload(canonical)}`;
}

/** Step 3. The intermediate keys are exposed because they are published for the documentation's example. */
export function deriveKeys(secretKey: string, date: string, service: string): DerivedKeys {
  const dateKey = hmac(`TC3${secretKey}`, date);
  const serviceKey = hmac(dateKey, service);
  return { date: dateKey, service: serviceKey, signing: hmac(serviceKey, 'tc3_request') };
}

/** Lower-case hex SHA-256 of a body, given whole or in parts. */
export function hashPayload(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function formatUtcDate(timestamp: number): string {
  return new Date(timestamp * 1000).toISOString().slice(0, 10);
}
