import { createHash, createSecretKey } from 'node:crypto';
import type { RingKey } from './ring-key.ts';
import { readPrivateKey, readPublicKey } from './x25519.ts';

const KEY_BYTES = 32;

/**
 * Ids have at most 20 characters, so that a key pasted into the place of an id is never taken for one and echoed:
 * 128 bits need 22 characters of Base64. Neither separator of associated data nor of this format is among them.
 */
const KEY_ID = /^[A-Za-z0-9_-]{1,20}$/;

const KINDS = ['x25519', 'x25519-public', 'digest'] as const;
type Kind = (typeof KINDS)[number] | 'symmetric';

/** The id of a key pair follows from its public half, so that two halves that do not belong together are noticed. */
export function computePairId(publicBytes: Buffer): string {
  return `x${createHash('sha256').update('veriqueue/key-id/1|').update(publicBytes).digest('hex').slice(0, 16)}`;
}

/** @returns the key, or what is wrong with the entry, as the end of a sentence about `VERIQUEUE_KEYS`; key material is never in it */
export function parseKeyEntry(entry: string, position: number): RingKey | string {
  const refuse = (reason: string) => `entry ${position} ${reason}`;
  if (entry === '') return refuse('must be id:base64 or id:kind:base64, but is empty');
  const [id = '', ...rest] = entry.split(':');
  if (rest.length === 0) return refuse('must be id:base64 or id:kind:base64, but has no colon');
  if (!KEY_ID.test(id))
    return refuse('must begin with an id of 1 to 20 letters, digits, hyphens or underscores');

  const refuseKey = (reason: string) => `entry ${position} (${id}) ${reason}`;
  const kind = rest.length === 1 ? 'symmetric' : KINDS.find((known) => known === rest[0]);
  if (kind === undefined || rest.length > 2)
    return refuseKey(`must have the kind ${KINDS.join(', ')}, or none`);
  const encoded = rest.at(-1) ?? '';
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.toString('base64') !== encoded) return refuseKey('must be standard Base64 with padding');
  if (bytes.length !== KEY_BYTES) return refuseKey(`must have ${KEY_BYTES} bytes, but has ${bytes.length}`);
  const key = readKey(id, kind, bytes);
  bytes.fill(0);
  return typeof key === 'string' ? refuseKey(key) : key;
}

function readKey(id: string, kind: Kind, bytes: Buffer): RingKey | string {
  switch (kind) {
    case 'symmetric':
    case 'digest':
      return { kind, id, secret: createSecretKey(bytes) };
    case 'x25519': {
      const pair = readPrivateKey(bytes);
      if (id !== computePairId(pair.publicBytes)) return FOREIGN_ID;
      return { kind: 'private', id, ...pair, secret: createSecretKey(bytes) };
    }
    case 'x25519-public': {
      const publicKey = readPublicKey(bytes);
      if (publicKey === null) return 'must be the public half of a key pair, as keys generate prints it';
      if (id !== computePairId(bytes)) return FOREIGN_ID;
      return { kind: 'public', id, publicKey, publicBytes: Buffer.from(bytes) };
    }
    default:
      return kind satisfies never;
  }
}

const FOREIGN_ID = 'must have the id that keys generate printed with it';

/** The entry that a producer gets of a key: of a private key the public half, all others as they are. */
export function formatForProducer(key: RingKey): string {
  switch (key.kind) {
    case 'private':
    case 'public':
      return `${key.id}:x25519-public:${key.publicBytes.toString('base64')}`;
    case 'digest':
      return `${key.id}:digest:${key.secret.export().toString('base64')}`;
    case 'symmetric':
      return `${key.id}:${key.secret.export().toString('base64')}`;
    default:
      return key satisfies never;
  }
}
