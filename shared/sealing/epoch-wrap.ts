import { type Opening, openBytes, type SealContext, sealBytes } from './aead.ts';

/**
 * A wrapped data key once more under the key of an epoch, which no backup holds and which is destroyed soon:
 *
 *     offset  length  what
 *     0       1       version, 3 (1 and 2 are wrapped keys without an epoch: see key-wrap.ts)
 *     1       4       number of the epoch, big-endian
 *     5       …       the wrapped key, sealed (see aead.ts); the associated data names the owner and the epoch
 */
const VERSION = 3;
const HEADER_BYTES = 5;

/** An epoch has a key of its own, with which subjects are wrapped that were accepted, or renewed, in it. */
export const EPOCH_MS = 600_000;
/**
 * How long a key exists from the start of its epoch on. What waits longer is wrapped again before: see {@link isDueForRenewal}. So a
 * copy of everything but the keys of epochs opens nothing an hour later.
 */
const EPOCH_KEY_LIFE_MS = 4 * EPOCH_MS;

export interface EpochKey {
  readonly epoch: number;
  /** 32 bytes */
  readonly bytes: Buffer;
}

/** @param now ms epoch, by the clock of the store of keys */
export function epochOf(now: number): number {
  return Math.floor(now / EPOCH_MS);
}

/** When the key of an epoch is destroyed: ms epoch. */
export function endOfEpochKey(epoch: number): number {
  return epoch * EPOCH_MS + EPOCH_KEY_LIFE_MS;
}

/**
 * Whether what is wrapped in an epoch is to be wrapped in the present one: two epochs before its key is gone. Of an epoch to come
 * are keys that a process of the version before has made by a clock that is fast: they may end early.
 */
export function isDueForRenewal(epoch: number, present: number): boolean {
  return epoch < present - 1 || epoch > present;
}

/** The epoch that a wrapped key needs; null for one that needs none. */
export function readEpoch(wrapped: Buffer): number | null {
  return wrapped.length > HEADER_BYTES && wrapped[0] === VERSION ? wrapped.readUInt32BE(1) : null;
}

export function wrapInEpoch(key: EpochKey, owner: string, wrappedKey: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header.writeUInt32BE(key.epoch, 1);
  return Buffer.concat([header, sealBytes(key.bytes, contextOf(owner, key.epoch), wrappedKey)]);
}

/** @param wrapped of this very epoch */
export function openFromEpoch(key: EpochKey, owner: string, wrapped: Buffer): Opening {
  return openBytes(key.bytes, contextOf(owner, key.epoch), wrapped.subarray(HEADER_BYTES));
}

function contextOf(owner: string, epoch: number): SealContext {
  return { owner, label: `epoch/${epoch}` };
}
