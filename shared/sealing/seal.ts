import { randomBytes } from 'node:crypto';
import { type Opening, openBytes, type SealContext, sealBytes } from './aead.ts';
import { getNewestKey, type KeyRing } from './key-ring.ts';
import { type UnreadableReason, unwrapSecret, type WrapContext, wrapSecret } from './key-wrap.ts';
import { decodeSubjectFields, encodeSubjectFields, type Subject } from './subject.ts';

/**
 * A subject at rest. A random 256-bit data key, made for this verification alone, seals the two parts; the newest
 * key of the ring wraps the data key. Each part opens only under its own verification's id and its own name, so
 * swapped or renamed blobs are noticed. Deleting `wrappedKey` makes the rest unreadable for good.
 */
export interface SealedSubject {
  /** See key-wrap.ts for the layout. */
  readonly wrappedKey: Buffer;
  /** JSON of idCard and name, sealed; see aead.ts for the layout. */
  readonly fields: Buffer;
  /** The image file, sealed. */
  readonly photo: Buffer;
}

export type SubjectOpening = { readonly status: 'opened'; readonly subject: Subject } | Unreadable;

/**
 * `unknown_key`: the ring lacks the key, so configuration may supply it. `tampered`: a bit is not what it was, or the
 * blob belongs elsewhere. `malformed`: not of this format, for example cut short.
 */
interface Unreadable {
  readonly status: 'unreadable';
  readonly reason: UnreadableReason;
}

export type Rewrapping =
  | { readonly status: 'rewrapped'; readonly wrappedKey: Buffer }
  /** The newest key has wrapped it already. */
  | { readonly status: 'current' }
  | Unreadable;

const DATA_KEY_BYTES = 32;

export function sealSubject(keyRing: KeyRing, verificationId: string, subject: Subject): SealedSubject {
  const dataKey = randomBytes(DATA_KEY_BYTES);
  const fields = encodeSubjectFields(subject);
  try {
    return {
      wrappedKey: wrapSecret(keyRing, dataKeyOf(verificationId), dataKey),
      fields: sealBytes(dataKey, fieldsOf(verificationId), fields),
      photo: sealBytes(dataKey, photoOf(verificationId), subject.photo),
    };
  } finally {
    dataKey.fill(0);
    fields.fill(0);
  }
}

export function openSubject(keyRing: KeyRing, verificationId: string, sealed: SealedSubject): SubjectOpening {
  const unwrapped = unwrapSecret(keyRing, dataKeyOf(verificationId), sealed.wrappedKey);
  if (unwrapped.status === 'unreadable') return unwrapped;
  const dataKey = unwrapped.bytes;
  try {
    if (dataKey.length !== DATA_KEY_BYTES) return { status: 'unreadable', reason: 'malformed' };
    const fields = openBytes(dataKey, fieldsOf(verificationId), sealed.fields);
    if (fields.status === 'unreadable') return fields;
    return joinSubject(fields.bytes, openBytes(dataKey, photoOf(verificationId), sealed.photo));
  } finally {
    dataKey.fill(0);
  }
}

/** Wraps the data key again, with the newest key; fields and photo stay as they are. */
export function rewrap(keyRing: KeyRing, verificationId: string, wrappedKey: Buffer): Rewrapping {
  const unwrapped = unwrapSecret(keyRing, dataKeyOf(verificationId), wrappedKey);
  if (unwrapped.status === 'unreadable') return unwrapped;
  try {
    if (unwrapped.keyId === getNewestKey(keyRing).id) return { status: 'current' };
    return {
      status: 'rewrapped',
      wrappedKey: wrapSecret(keyRing, dataKeyOf(verificationId), unwrapped.bytes),
    };
  } finally {
    unwrapped.bytes.fill(0);
  }
}

function joinSubject(fieldBytes: Buffer, photo: Opening): SubjectOpening {
  const fields = decodeSubjectFields(fieldBytes);
  fieldBytes.fill(0);
  if (photo.status === 'unreadable') return photo;
  if (fields === null) return { status: 'unreadable', reason: 'malformed' };
  return { status: 'opened', subject: { ...fields, photo: photo.bytes } };
}

function dataKeyOf(owner: string): WrapContext {
  return { owner, purpose: 'data-key' };
}

function fieldsOf(owner: string): SealContext {
  return { owner, label: 'fields' };
}

function photoOf(owner: string): SealContext {
  return { owner, label: 'photo' };
}
