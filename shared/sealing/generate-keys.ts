import { computePairId, formatForProducer } from './key-entry.ts';
import type { KeyRing, RandomBytes } from './key-ring.ts';
import { readPrivateKey, X25519_BYTES } from './x25519.ts';

/** New keys of one deployment, as entries for `VERIQUEUE_KEYS`. All but the public half are secrets. */
export interface GeneratedKeys {
  /** Of workers, and for the safe: opens. */
  readonly privateKey: string;
  /** Of producers: seals. */
  readonly publicKey: string;
  /** Of producers: recognizes a repeated Idempotency-Key. */
  readonly digestKey: string;
}

/** @returns a key pair and a digest key; the ids of the pair follow from its public half */
export function generateKeys(random: RandomBytes): GeneratedKeys {
  const privateBytes = random(X25519_BYTES);
  const { publicBytes } = readPrivateKey(privateBytes);
  const id = computePairId(publicBytes);
  const privateKey = `${id}:x25519:${privateBytes.toString('base64')}`;
  privateBytes.fill(0);
  return {
    privateKey,
    publicKey: `${id}:x25519-public:${publicBytes.toString('base64')}`,
    digestKey: `d${random(4).toString('hex')}:digest:${random(32).toString('base64')}`,
  };
}

/** @returns one symmetric entry, `k` and eight hex digits as its id; it is a secret */
export function generateKey(random: RandomBytes): string {
  return `k${random(4).toString('hex')}:${random(32).toString('base64')}`;
}

/** The text of `VERIQUEUE_KEYS` for a producer, made of a worker's: without any private key. */
export function formatProducerKeys({ keys }: KeyRing): string {
  return keys.map(formatForProducer).join(',');
}
