import { createHash, createHmac } from 'node:crypto';
import { apiErrors } from './api-error.ts';
import { type Credentials, isFresh, refused, type SignatureCheck, sameText } from './credentials.ts';
import { parseTc3Authorization, type Tc3Authorization } from './tc3-authorization.ts';
import { hostVariants, type WireRequest } from './wire-request.ts';

// Written from the published description ("Signature v3", sections 1 to 4) and sharing no code with the signer that
// the worker uses: two readings of the same text can only agree when both are right.

function sha256Hex(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data, 'utf8').digest();
}

/** The four keys of "Signature v3", section 3: secret → date → service → signing. */
function signingKey(secretKey: string, date: string, service: string): Buffer {
  return hmac(hmac(hmac(`TC3${secretKey}`, date), service), 'tc3_request');
}

function canonicalHeaders(
  request: WireRequest,
  signedHeaders: readonly string[],
  host: string,
  lowerCaseValues: boolean,
): string {
  return signedHeaders
    .map((name) => {
      const value = (name === 'host' ? host : (request.headers[name] ?? '')).trim();
      return `${name}:${lowerCaseValues ? value.toLowerCase() : value}\n`;
    })
    .join('');
}

/** The text that is hashed and signed, for one reading of the host and of the letter case of header values. */
function stringToSign(
  request: WireRequest,
  authorization: Tc3Authorization,
  timestamp: string,
  headers: string,
  bodyHash: string,
): string {
  const canonicalRequest = [
    request.method,
    request.path,
    request.query,
    headers,
    authorization.signedHeaders.join(';'),
    bodyHash,
  ].join('\n');
  const scope = `${authorization.date}/${authorization.service}/tc3_request`;
  return ['TC3-HMAC-SHA256', timestamp, scope, sha256Hex(canonicalRequest)].join('\n');
}

/**
 * Whether the signature is the one this key makes for this request.
 *
 * Two freedoms of third-party clients are allowed for, as the real gateway does: the official Node SDK signs the host
 * without its port, and the description asks for lower-case header values where most SDKs sign them as they are sent.
 */
function isTc3SignatureRight(
  request: WireRequest,
  authorization: Tc3Authorization,
  timestamp: string,
  secretKey: string,
): boolean {
  const key = signingKey(secretKey, authorization.date, authorization.service);
  const bodyHash = sha256Hex(request.body);
  return hostVariants(request).some((host) =>
    [false, true].some((lowerCaseValues) => {
      const headers = canonicalHeaders(request, authorization.signedHeaders, host, lowerCaseValues);
      const text = stringToSign(request, authorization, timestamp, headers, bodyHash);
      return sameText(hmac(key, text).toString('hex'), authorization.signature);
    }),
  );
}

function utcDay(timestampS: number): string {
  return new Date(timestampS * 1000).toISOString().slice(0, 10);
}

/**
 * Judges a request signed with `TC3-HMAC-SHA256`. The service is taken from the credential scope: clients derive it
 * from the first label of their endpoint, which for a loopback address is a number.
 */
export function checkTc3(request: WireRequest, credentials: Credentials, nowMs: number): SignatureCheck {
  const parsed = parseTc3Authorization(request.headers['authorization'] ?? '');
  if (parsed.kind === 'refused') return refused(parsed.error);
  const { authorization } = parsed;
  const timestamp = request.headers['x-tc-timestamp'];
  if (timestamp === undefined) return refused(apiErrors.missingParameter('Timestamp'));
  if (!/^\d{1,12}$/.test(timestamp)) return refused(apiErrors.wrongType('Timestamp', 'integer'));
  if (!isFresh(Number(timestamp), nowMs)) return refused(apiErrors.signatureExpire);
  if (authorization.date !== utcDay(Number(timestamp))) {
    return refused(apiErrors.invalidAuthorization('`Date` in Credential not valid.'));
  }
  if (authorization.secretId !== credentials.secretId) return refused(apiErrors.secretIdNotFound);
  if ((request.headers['x-tc-token'] ?? '') !== (credentials.token ?? '')) {
    return refused(apiErrors.tokenFailure);
  }
  if (!isTc3SignatureRight(request, authorization, timestamp, credentials.secretKey)) {
    return refused(apiErrors.signatureFailure);
  }
  return { kind: 'valid' };
}
