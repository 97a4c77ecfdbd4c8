import { type ApiError, apiErrors } from './api-error.ts';

/** The `Authorization` header of signature v3, taken apart. */
export interface Tc3Authorization {
  readonly secretId: string;
  /** UTC day `YYYY-MM-DD`. */
  readonly date: string;
  readonly service: string;
  /** Lower-case names in the order in which they were signed. */
  readonly signedHeaders: readonly string[];
  /** Lower-case hex. */
  readonly signature: string;
}

export type ParsedAuthorization =
  | { readonly kind: 'parsed'; readonly authorization: Tc3Authorization }
  | { readonly kind: 'refused'; readonly error: ApiError };

const SCHEME = /^TC3-HMAC-SHA256\s+(.+)$/;

function bad(reason: string): ParsedAuthorization {
  return { kind: 'refused', error: apiErrors.invalidAuthorization(reason) };
}

function parts(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(',').map((part) => part.trim());
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** Parses `TC3-HMAC-SHA256 Credential=ID/DATE/SERVICE/tc3_request, SignedHeaders=a;b, Signature=hex`. */
export function parseTc3Authorization(header: string): ParsedAuthorization {
  const scheme = SCHEME.exec(header.trim());
  if (scheme === null) return bad('`TC3-HMAC-SHA256` not found.');
  const fields = parts(scheme[1] ?? '');
  const [secretId, date, service, end, ...more] = (fields.get('Credential') ?? '').split('/');
  if (!secretId || end !== 'tc3_request' || more.length > 0) return bad('`Credential` not valid.');
  if (!date || !/^\d{4}-\d{2}-\d{2}$/.test(date)) return bad('`Date` in Credential not valid.');
  if (!service || !/^[a-z0-9-]+$/.test(service)) return bad('`Service` in Credential not valid.');
  const signedHeaders = (fields.get('SignedHeaders') ?? '').split(';');
  if (!signedHeaders.includes('content-type') || !signedHeaders.includes('host')) {
    return bad('`SignedHeaders` not valid.');
  }
  const signature = fields.get('Signature') ?? '';
  if (!/^[0-9a-f]{64}$/.test(signature)) return bad('`Signature` not valid.');
  return { kind: 'parsed', authorization: { secretId, date, service, signedHeaders, signature } };
}
