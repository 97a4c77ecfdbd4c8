import { constants, generateKeyPairSync, type KeyObject, privateDecrypt } from 'node:crypto';
import { sm2 } from 'sm-crypto-v2';

/** A public key as it is handed out: PEM, and the Base64 of that PEM, the form in which the official SDKs take it. */
interface PublicKeyForms {
  readonly pem: string;
  readonly base64: string;
}

/** What `GET /sandbox/encryption-keys` answers. */
export interface PublicKeys {
  /** PKCS #1 (`RSA PUBLIC KEY`), for AES-256-CBC. */
  readonly rsa: PublicKeyForms;
  /** SubjectPublicKeyInfo (`PUBLIC KEY`), for SM4-GCM; `hex` is the uncompressed point, 04‖X‖Y. */
  readonly sm2: PublicKeyForms & { readonly hex: string };
}

/** The service's two key pairs. Unwrapping answers undefined for what was not wrapped with them. */
export interface EncryptionKeys {
  readonly publicKeys: PublicKeys;
  readonly unwrapRsa: (wrapped: Buffer) => Buffer | undefined;
  readonly unwrapSm2: (wrapped: Buffer) => Buffer | undefined;
}

/** The service's own RSA key has 1024 bits; its wrapped keys are 128 bytes long. */
const RSA_BITS = 1024;

/** SubjectPublicKeyInfo of an uncompressed point on SM2's curve (OIDs 1.2.840.10045.2.1 and 1.2.156.10197.1.301). */
const SM2_SPKI_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a811ccf5501822d034200', 'hex');

const SM2_C1C3C2 = 1;
const UNCOMPRESSED_POINT = 0x04;

function forms(pem: string): PublicKeyForms {
  return { pem, base64: Buffer.from(pem).toString('base64') };
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * RFC 8017 section 7.2.2: 00 02, at least eight non-zero bytes, 00, then the message. Done by hand because Node refuses
 * to undo this padding on OpenSSL versions without implicit rejection (CVE-2023-46809); nothing secret hangs on it here.
 */
function unpadPkcs1(block: Buffer): Buffer | undefined {
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) return undefined;
  return block.subarray(end + 1);
}

function unwrapRsa(privateKey: KeyObject, wrapped: Buffer): Buffer | undefined {
  try {
    return unpadPkcs1(privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, wrapped));
  } catch {
    return undefined;
  }
}

/** The service takes C1‖C3‖C2 with C1 as an uncompressed point; the ASN.1 form of GM/T 0009 is not accepted. */
function unwrapSm2(privateKey: string, wrapped: Buffer): Buffer | undefined {
  if (wrapped[0] !== UNCOMPRESSED_POINT) return undefined;
  try {
    const hex = wrapped.subarray(1).toString('hex');
    return Buffer.from(sm2.doDecrypt(hex, privateKey, SM2_C1C3C2, { output: 'array' }));
  } catch {
    return undefined;
  }
}

/** Makes fresh key pairs. Costs some tens of milliseconds: do it when the first caller asks. */
export function createEncryptionKeys(): EncryptionKeys {
  const rsa = generateKeyPairSync('rsa', { modulusLength: RSA_BITS });
  const sm2Pair = sm2.generateKeyPairHex();
  const sm2Der = Buffer.concat([SM2_SPKI_PREFIX, Buffer.from(sm2Pair.publicKey, 'hex')]);
  return {
    publicKeys: {
      rsa: forms(rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
      sm2: { ...forms(toPem('PUBLIC KEY', sm2Der)), hex: sm2Pair.publicKey },
    },
    unwrapRsa: (wrapped) => unwrapRsa(rsa.privateKey, wrapped),
    unwrapSm2: (wrapped) => unwrapSm2(sm2Pair.privateKey, wrapped),
  };
}
