import { createDecipheriv } from 'node:crypto';
import { sm4 } from 'sm-crypto-v2';
import { type ApiError, apiErrors } from './api-error.ts';
import type { EncryptionKeys } from './encryption-keys.ts';
import type { Encryption } from './question.ts';

// The format is that of "Sensitive Data Encryption Guide" (人脸核身 1007/47180, method two) and of the official Go SDK
// faceid-api-crypto-golang: the key is wrapped and Base64 encoded in CiphertextBlob, each field is encrypted with it under the one
// Iv and Base64 encoded, and for SM4-GCM the 16-byte tag of the n-th field of EncryptList is the n-th of TagList.

/** The fields that may be encrypted: the API page speaks of name and identity card number. */
export interface SubjectFields {
  readonly IdCard: string;
  readonly Name: string;
}

export type Decryption =
  | { readonly kind: 'plain'; readonly subject: SubjectFields }
  | { readonly kind: 'refused'; readonly error: ApiError }
  | { readonly kind: 'failed' };

interface Algorithm {
  readonly ivBytes: number;
  readonly unwrap: (keys: EncryptionKeys, wrapped: Buffer) => Buffer | undefined;
  readonly keyBytes: number;
  readonly needsTag: boolean;
  readonly decrypt: (key: Buffer, iv: Buffer, ciphertext: Buffer, tag: Buffer) => Buffer;
}

const TAG_BYTES = 16;

const algorithms: ReadonlyMap<string, Algorithm> = new Map([
  [
    'AES-256-CBC',
    {
      ivBytes: 16,
      keyBytes: 32,
      needsTag: false,
      unwrap: (keys, wrapped) => keys.unwrapRsa(wrapped),
      decrypt: (key, iv, ciphertext) => {
        const decipher = createDecipheriv('aes-256-cbc', key, iv);
        return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
      },
    },
  ],
  [
    'SM4-GCM',
    {
      ivBytes: 12,
      keyBytes: 16,
      needsTag: true,
      unwrap: (keys, wrapped) => keys.unwrapSm2(wrapped),
      decrypt: (key, iv, ciphertext, tag) =>
        Buffer.from(sm4.decrypt(ciphertext, key, { mode: 'gcm', iv, tag, output: 'array' })),
    },
  ],
] satisfies [string, Algorithm][]);

const DEFAULT_ALGORITHM = 'AES-256-CBC';

function isSubjectField(name: string): name is keyof SubjectFields {
  return name === 'IdCard' || name === 'Name';
}

/** Everything needed to open fields, checked for its sizes. */
interface Opener {
  readonly algorithm: Algorithm;
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly tags: readonly Buffer[];
}

const NO_TAG = Buffer.alloc(0);

/** Decrypts one field, or throws: wrong key, wrong padding, wrong tag, or text that is no UTF-8. */
function decryptField({ algorithm, key, iv, tags }: Opener, base64: string, index: number): string {
  const plain = algorithm.decrypt(key, iv, Buffer.from(base64, 'base64'), tags[index] ?? NO_TAG);
  return new TextDecoder('utf-8', { fatal: true }).decode(plain);
}

function createOpener(
  algorithm: Algorithm,
  encryption: Encryption,
  keys: EncryptionKeys,
): Opener | undefined {
  const key = algorithm.unwrap(keys, Buffer.from(encryption.CiphertextBlob, 'base64'));
  const iv = Buffer.from(encryption.Iv, 'base64');
  if (key?.length !== algorithm.keyBytes || iv.length !== algorithm.ivBytes) return undefined;
  const tags = (encryption.TagList ?? []).map((tag) => Buffer.from(tag, 'base64'));
  const tagsFit =
    tags.length === encryption.EncryptList.length && tags.every((tag) => tag.length === TAG_BYTES);
  return algorithm.needsTag && !tagsFit ? undefined : { algorithm, key, iv, tags };
}

function openFields(
  subject: SubjectFields,
  fields: readonly (keyof SubjectFields)[],
  opener: Opener,
): Decryption {
  try {
    const plain = fields.map((field, index) => [field, decryptField(opener, subject[field], index)]);
    return { kind: 'plain', subject: { ...subject, ...Object.fromEntries(plain) } };
  } catch {
    return { kind: 'failed' };
  }
}

/** Opens the fields that `encryption` names; the others are taken as they stand. */
export function decryptSubject(
  subject: SubjectFields,
  encryption: Encryption,
  keys: EncryptionKeys,
): Decryption {
  const algorithm = algorithms.get(encryption.Algorithm ?? DEFAULT_ALGORITHM);
  if (algorithm === undefined) {
    return { kind: 'refused', error: apiErrors.invalidParameterValue('Encryption.Algorithm') };
  }
  const fields = encryption.EncryptList.filter(isSubjectField);
  if (fields.length < encryption.EncryptList.length) {
    return { kind: 'refused', error: apiErrors.unsupportEncryptField };
  }
  const opener = createOpener(algorithm, encryption, keys);
  return opener === undefined ? { kind: 'failed' } : openFields(subject, fields, opener);
}
