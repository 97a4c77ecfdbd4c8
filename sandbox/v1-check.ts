import { createHmac } from 'node:crypto';
import { apiErrors } from './api-error.ts';
import { type Credentials, isFresh, refused, type SignatureCheck, sameText } from './credentials.ts';
import type { FormParameters } from './form-parameters.ts';
import { hostVariants, type WireRequest } from './wire-request.ts';

/** "Making API requests", request structure: signature v1 is limited to 1 MB, signature v3 to 10 MB. */
const V1_LIMIT_BYTES = 1024 * 1024;

const HASHES: Readonly<Record<string, string>> = { HmacSHA1: 'sha1', HmacSHA256: 'sha256' };

const REQUIRED = ['Timestamp', 'Nonce', 'SecretId', 'Signature'] as const;

function byCodeUnit(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The text of "Signature", section 2.3: method, host, path, `?`, and the sorted, undecorated parameters. */
function v1StringToSign(method: string, host: string, path: string, parameters: FormParameters): string {
  const pairs = [...parameters]
    .filter(([name]) => name !== 'Signature')
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, value]) => `${name}=${value}`);
  return `${method}${host}${path}?${pairs.join('&')}`;
}

function isV1SignatureRight(
  request: WireRequest,
  parameters: FormParameters,
  hash: string,
  secretKey: string,
): boolean {
  return hostVariants(request).some((host) => {
    const text = v1StringToSign(request.method, host, request.path, parameters);
    const expected = createHmac(hash, secretKey).update(text, 'utf8').digest('base64');
    return sameText(expected, parameters.get('Signature') ?? '');
  });
}

/** Judges a request signed with `HmacSHA1` (the default) or `HmacSHA256`, whose signature is one of its parameters. */
export function checkV1(
  request: WireRequest,
  parameters: FormParameters,
  credentials: Credentials,
  nowMs: number,
): SignatureCheck {
  const missing = REQUIRED.find((name) => !parameters.has(name));
  if (missing !== undefined) return refused(apiErrors.missingParameter(missing));
  if (request.body.length > V1_LIMIT_BYTES) return refused(apiErrors.v1TooLarge);
  const hash = HASHES[parameters.get('SignatureMethod') ?? 'HmacSHA1'];
  if (hash === undefined) return refused(apiErrors.invalidParameterValue('SignatureMethod'));
  const timestamp = parameters.get('Timestamp') ?? '';
  if (!/^\d{1,12}$/.test(timestamp)) return refused(apiErrors.wrongType('Timestamp', 'integer'));
  if (!isFresh(Number(timestamp), nowMs)) return refused(apiErrors.signatureExpire);
  if (parameters.get('SecretId') !== credentials.secretId) return refused(apiErrors.secretIdNotFound);
  if ((parameters.get('Token') ?? '') !== (credentials.token ?? '')) return refused(apiErrors.tokenFailure);
  if (!isV1SignatureRight(request, parameters, hash, credentials.secretKey)) {
    return refused(apiErrors.signatureFailure);
  }
  return { kind: 'valid' };
}
