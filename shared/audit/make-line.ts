import { signBytes } from '../signing/ed25519.ts';
import type { SigningKey } from '../signing/signing-keys.ts';
import { type AuditEntry, type AuditLine, hashEntry, signedBytes } from './audit-entry.ts';

/** Puts an entry behind another. @param key null: it stays unsigned */
export function makeLine(previous: string, entry: AuditEntry, key: SigningKey | null): AuditLine {
  return {
    entry,
    previous,
    hash: hashEntry(previous, entry),
    keyId: key?.id ?? null,
    signature: key === null ? null : signBytes(key.privateKey, signedBytes(entry)).toString('base64url'),
  };
}
