import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { sm2, sm4 } from 'sm-crypto-v2';

/**
 * Encryption of the name and ID number inside the request, the `Encryption` parameter of the upstream.
 *
 * A fresh symmetric key encrypts the fields, the upstream's public key encrypts that key. Source: "Sensitive data
 * encryption" (cloud.tencent.com/document/product/1007/47180) and the official kits that it names
 * (TencentCloud/faceid-api-crypto-java, -nodejs), which fix what the page leaves open: one IV for all fields of a
 * call, RSA with PKCS#1 v1.5 padding, SM2 as `04 || C1 || C3 || C2`, GCM tags of 16 bytes beside the ciphertext.
 *
 * Because the protocol has one IV per call, SM4-GCM runs both fields over the same key stream: a reader of the
 * request learns the exclusive-or of the two. AES-256-CBC has no such weakness and is the better choice where no
 * rule demands the national algorithms.
 */
export interface FieldEncryptionSettings {
  readonly algorithm: 'AES-256-CBC' | 'SM4-GCM';
  /** The upstream's public key as PEM, or as the Base64 of a PEM, which is how it is handed out. */
  readonly publicKey: string;
}

interface SubjectFields {
  readonly IdCard: string;
  readonly Name: string;
}

/** The `Encryption` structure of the API. */
interface EncryptionParameter {
  readonly EncryptList: readonly string[];
  readonly CiphertextBlob: string;
  readonly Iv: string;
  readonly Algorithm: FieldEncryptionSettings['algorithm'];
  readonly TagList: readonly string[];
}

export interface EncryptedFields extends SubjectFields {
  readonly Encryption: EncryptionParameter;
}

export type FieldEncryptor = (fields: SubjectFields) => EncryptedFields;

interface Algorithm {
  readonly keyBytes: number;
  readonly ivBytes: number;
  readonly encryptField: (
    key: Buffer,
    iv: Buffer,
    text: string,
  ) => { ciphertext: Buffer; tag: Buffer | null };
  /** Parses the public key once; throws a RangeError when it is not one of this algorithm. */
  readonly makeKeyEncryptor: (pem: string) => (key: Buffer) => Buffer;
}

const ALGORITHMS = {
  'AES-256-CBC': {
    keyBytes: 32,
    ivBytes: 16,
    encryptField: encryptAesCbc,
    makeKeyEncryptor: makeRsaEncryptor,
  },
  'SM4-GCM': { keyBytes: 16, ivBytes: 12, encryptField: encryptSm4Gcm, makeKeyEncryptor: makeSm2Encryptor },
} as const satisfies Record<FieldEncryptionSettings['algorithm'], Algorithm>;

/** SubjectPublicKeyInfo of an uncompressed point on sm2p256v1, up to the point (RFC 5480, GB/T 32918.5). */
const SM2_SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex');
const SM2_POINT_BYTES = 65;
const SM2_C1C3C2 = 1;

/** @throws RangeError when the public key cannot be used with the algorithm */
export function createFieldEncryptor({ algorithm, publicKey }: FieldEncryptionSettings): FieldEncryptor {
  const { keyBytes, ivBytes, encryptField, makeKeyEncryptor }: Algorithm = ALGORITHMS[algorithm];
  const encryptKey = makeKeyEncryptor(readPem(publicKey));
  return ({ IdCard, Name }) => {
    const key = randomBytes(keyBytes);
    const iv = randomBytes(ivBytes);
    const idCard = encryptField(key, iv, IdCard);
    const name = encryptField(key, iv, Name);
    return {
      IdCard: idCard.ciphertext.toString('base64'),
      Name: name.ciphertext.toString('base64'),
      Encryption: {
        EncryptList: ['IdCard', 'Name'],
        CiphertextBlob: encryptKey(key).toString('base64'),
        Iv: iv.toString('base64'),
        Algorithm: algorithm,
        TagList: [idCard.tag, name.tag].flatMap((tag) => (tag === null ? [] : [tag.toString('base64')])),
      },
    };
  };
}

function encryptAesCbc(key: Buffer, iv: Buffer, text: string): { ciphertext: Buffer; tag: null } {
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return { ciphertext: Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]), tag: null };
}

/** Node's OpenSSL has SM4 in other modes only. */
function encryptSm4Gcm(key: Buffer, iv: Buffer, text: string): { ciphertext: Buffer; tag: Buffer } {
  const { output, tag } = sm4.encrypt(Buffer.from(text, 'utf8'), key, {
    mode: 'gcm',
    iv,
    padding: 'none',
    output: 'array',
    outputTag: true,
  });
  if (tag === undefined) throw new Error('SM4-GCM returned no tag');
  return { ciphertext: Buffer.from(output), tag: Buffer.from(tag) };
}

function makeRsaEncryptor(pem: string): (key: Buffer) => Buffer {
  const publicKey = parseRsaKey(pem);
  return (key) => publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, key);
}

function parseRsaKey(pem: string) {
  try {
    const key = createPublicKey({ key: pem, format: 'pem' });
    if (key.asymmetricKeyType === 'rsa') return key;
  } catch {
    // Falls through: whatever OpenSSL says may quote the key.
  }
  throw new RangeError('The public key for AES-256-CBC must be an RSA key in PEM');
}

function makeSm2Encryptor(pem: string): (key: Buffer) => Buffer {
  const spki = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const point = spki.subarray(SM2_SPKI_PREFIX.length).toString('hex');
  const isSm2Key =
    spki.length === SM2_SPKI_PREFIX.length + SM2_POINT_BYTES &&
    spki.subarray(0, SM2_SPKI_PREFIX.length).equals(SM2_SPKI_PREFIX) &&
    sm2.verifyPublicKey(point);
  if (!isSm2Key) {
    throw new RangeError('The public key for SM4-GCM must be an SM2 key in PEM');
  }
  const precomputed = sm2.precomputePublicKey(point);
  return (key) => Buffer.from(`04${sm2.doEncrypt(key, precomputed, SM2_C1C3C2)}`, 'hex');
}

function readPem(text: string): string {
  return text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64').toString('latin1');
}
