import { randomBytes } from 'node:crypto';
import { generateKey } from '../../../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../../../shared/sealing/key-ring.ts';

/** An entry of a key ring with a given id. */
export function makeKeyEntry(id: string): string {
  return `${id}:${generateKey(randomBytes).split(':')[1]}`;
}

/** @param entries newest first */
export function makeKeyRing(...entries: readonly string[]): KeyRing {
  const parsing = parseKeyRing(entries.join(','));
  if (!parsing.ok) throw new TypeError(parsing.errors.join('; '));
  return parsing.keyRing;
}
