import type { KeyObject } from 'node:crypto';

/** A KeyObject neither prints nor serializes its bytes when it strays into a log. */
export interface SymmetricKey {
  readonly kind: 'symmetric';
  readonly id: string;
  readonly secret: KeyObject;
}

export interface PrivateKey {
  readonly kind: 'private';
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicBytes: Buffer;
  /** The private key's bytes, as what digests are derived from. */
  readonly secret: KeyObject;
}

export interface PublicKey {
  readonly kind: 'public';
  readonly id: string;
  readonly publicKey: KeyObject;
  readonly publicBytes: Buffer;
}

export interface DigestKey {
  readonly kind: 'digest';
  readonly id: string;
  readonly secret: KeyObject;
}

export type RingKey = SymmetricKey | PrivateKey | PublicKey | DigestKey;
export type SealingKey = Exclude<RingKey, DigestKey>;
export type OpeningKey = Exclude<SealingKey, PublicKey>;
