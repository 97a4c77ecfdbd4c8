import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { readJws, signJws } from '../signing/jws.ts';
import type { SigningKey } from '../signing/signing-keys.ts';

/** A place in the chain: the number of an entry and its hash, which stands for all before it. */
export const auditPlace = z.object({ number: z.number().int().nonnegative(), hash: z.string() });
export type AuditPlace = z.output<typeof auditPlace>;

const statement = jsonText(z.object({ ...auditPlace.shape, lane: z.string(), at: z.iso.datetime() }));
export type AuditStatement = z.output<typeof statement>;

/** `head`: the trail reached up to here at that time. `checkpoint`: what is older was kept long enough, and dropped. */
export type StatementKind = 'head' | 'checkpoint';

const typeOf = (kind: StatementKind) => `veriqueue-audit-${kind}+jws`;

export function signStatement(key: SigningKey, kind: StatementKind, stated: AuditStatement): string {
  const { lane, number, hash, at } = stated;
  return signJws(key, typeOf(kind), { lane, number, hash, at });
}

export type StatementReading =
  | { readonly status: 'verified'; readonly keyId: string; readonly stated: AuditStatement }
  /** The end of a sentence about it. */
  | { readonly status: 'refused'; readonly reason: string };

export function readStatement(keys: VerifyingKeys, kind: StatementKind, text: string): StatementReading {
  const reading = readJws(keys, typeOf(kind), text.trim());
  switch (reading.status) {
    case 'verified': {
      const parsed = statement.safeParse(reading.payload);
      if (!parsed.success) return { status: 'refused', reason: `is no signed ${kind} of an audit trail` };
      return { status: 'verified', keyId: reading.keyId, stated: parsed.data };
    }
    case 'malformed':
      return { status: 'refused', reason: `is no signed ${kind} of an audit trail` };
    case 'unknown_key':
      return { status: 'refused', reason: `is signed with ${reading.keyId}, which is none of the keys` };
    case 'wrong_signature':
      return { status: 'refused', reason: `is not what ${reading.keyId} signed` };
    default:
      return reading satisfies never;
  }
}
