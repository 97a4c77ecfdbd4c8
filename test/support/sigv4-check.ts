import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it arrived. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query, as on the request line. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const SKEW_MS = 15 * 60_000;

/**
 * Judges a request by AWS Signature Version 4, as its documents describe it for S3: "Signature Calculations for the
 * Authorization Header" and "Authenticating Requests: Using Query Parameters". Written for these tests, of the documents alone.
 *
 * @param secrets by access key
 * @returns S3's code of what is wrong; null when it is signed by one of them
 */
export function judgeSignature(
  request: SignedRequest,
  secrets: Readonly<Record<string, string>>,
  region: string,
  now: number,
  ofService = 's3',
): string | null {
  const query = readQuery(request.url);
  const claim = query.has('X-Amz-Signature') ? readPresigned(query) : readHeader(request);
  if (claim === null) return 'AccessDenied';
  const [accessKey = '', day = '', ofRegion = '', service = '', end = ''] = claim.credential.split('/');
  const secret = secrets[accessKey];
  if (secret === undefined) return 'InvalidAccessKeyId';
  if (ofRegion !== region || service !== ofService || end !== 'aws4_request')
    return 'AuthorizationHeaderMalformed';
  const at = readTime(claim.date);
  if (at === null || !claim.date.startsWith(day)) return 'AccessDenied';
  if (claim.expires === null ? Math.abs(now - at) > SKEW_MS : now > at + claim.expires * 1000) {
    return claim.expires === null ? 'RequestTimeTooSkewed' : 'AccessDenied';
  }
  if (!claim.signedHeaders.includes('host')) return 'AccessDenied';
  const payload = claim.expires === null ? headerOf(request, 'x-amz-content-sha256') : 'UNSIGNED-PAYLOAD';
  // A photo whose bytes are not signed could be changed on its way.
  if (claim.expires === null && payload !== hash(request.body)) return 'XAmzContentSHA256Mismatch';
  const canonical = [
    request.method,
    request.url.split('?')[0],
    spellQuery(query),
    ...claim.signedHeaders.map((name) => `${name}:${headerOf(request, name).trim().replace(/\s+/g, ' ')}`),
    '',
    claim.signedHeaders.join(';'),
    payload,
  ].join('\n');
  const scope = `${day}/${region}/${ofService}/aws4_request`;
  const text = [ALGORITHM, claim.date, scope, hash(Buffer.from(canonical))].join('\n');
  const key = [day, region, ofService, 'aws4_request'].reduce<Buffer>(
    (from, part) => hmac(from, part),
    Buffer.from(`AWS4${secret}`),
  );
  const expected = hmac(key, text);
  const given = Buffer.from(claim.signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected)
    ? null
    : 'SignatureDoesNotMatch';
}

interface Claim {
  readonly credential: string;
  readonly date: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  /** Seconds; null where the signature is in a header. */
  readonly expires: number | null;
}

function readHeader(request: SignedRequest): Claim | null {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
  const [, credential, names, signature] = pattern.exec(headerOf(request, 'authorization')) ?? [];
  if (credential === undefined || names === undefined || signature === undefined) return null;
  const signedHeaders = names.split(';');
  // All of x-amz- must be signed.
  const mine = Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'));
  if (mine.some((name) => !signedHeaders.includes(name))) return null;
  return { credential, date: headerOf(request, 'x-amz-date'), signedHeaders, signature, expires: null };
}

function readPresigned(query: ReadonlyMap<string, string>): Claim | null {
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? '';
  const expires = Number(of('Expires'));
  if (of('Algorithm') !== ALGORITHM || !(expires >= 1 && expires <= 604_800)) return null;
  return {
    credential: of('Credential'),
    date: of('Date'),
    signedHeaders: of('SignedHeaders').split(';'),
    signature: of('Signature'),
    expires,
  };
}

function readQuery(url: string): Map<string, string> {
  const [, text = ''] = url.split('?');
  const pairs = text.split('&').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [decodeURIComponent(name), decodeURIComponent(value)];
    }),
  );
}

/** Without the signature, which is made of the rest. */
function spellQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const headerOf = ({ headers }: SignedRequest, name: string): string => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
};

function readTime(date: string): number | null {
  const [, y, m, d, h, min, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  return y === undefined ? null : Date.parse(`${y}-${m}-${d}T${h}:${min}:${s}Z`);
}

const hash = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
