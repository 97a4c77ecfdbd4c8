import { createCipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * SM2 decryption and SM4-GCM written from their standards on OpenSSL's SM3 and SM4 blocks, so that a test does not judge
 * a library by itself. Slow and not constant in time.
 */

// GB/T 32918.5: the curve sm2p256v1.
const P = 0xfffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffffn;
const A = P - 3n;
const N = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;
const G: Point = {
  x: 0x32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7n,
  y: 0xbc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0n,
};
const SPKI_PREFIX = '3059301306072a8648ce3d020106082a811ccf5501822d034200';

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export interface Sm2KeyPair {
  readonly privateKey: bigint;
  readonly publicKeyPem: string;
}

export function makeSm2KeyPair(): Sm2KeyPair {
  const privateKey = (BigInt(`0x${randomBytes(32).toString('hex')}`) % (N - 2n)) + 1n;
  const point = multiply(G, privateKey);
  const der = Buffer.from(`${SPKI_PREFIX}04${hex32(point.x)}${hex32(point.y)}`, 'hex');
  return {
    privateKey,
    publicKeyPem: `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`,
  };
}

/** GB/T 32918.4 section 7, for `04 || C1 || C3 || C2`. Throws when the check value C3 is wrong. */
export function sm2Decrypt(ciphertext: Buffer, privateKey: bigint): Buffer {
  if (ciphertext[0] !== 4) throw new Error('C1 is not an uncompressed point');
  const c1 = { x: toBigInt(ciphertext.subarray(1, 33)), y: toBigInt(ciphertext.subarray(33, 65)) };
  const c3 = ciphertext.subarray(65, 97);
  const c2 = ciphertext.subarray(97);
  const shared = multiply(c1, privateKey);
  const x2 = Buffer.from(hex32(shared.x), 'hex');
  const y2 = Buffer.from(hex32(shared.y), 'hex');
  const mask = deriveKey(Buffer.concat([x2, y2]), c2.length);
  const message = Buffer.from(c2.map((byte, index) => byte ^ (mask[index] ?? 0)));
  if (!sm3(Buffer.concat([x2, message, y2])).equals(c3)) throw new Error('C3 does not match');
  return message;
}

/** NIST SP 800-38D over SM4. Throws when the tag is wrong. */
export function sm4GcmDecrypt(
  key: Buffer,
  iv: Buffer,
  ciphertext: Buffer,
  tag: Buffer,
  aad = Buffer.alloc(0),
): Buffer {
  const encryptBlock = (block: Buffer) => {
    const cipher = createCipheriv('sm4-ecb', key, null).setAutoPadding(false);
    return Buffer.concat([cipher.update(block), cipher.final()]);
  };
  const h = toBigInt(encryptBlock(Buffer.alloc(16)));
  const counterBlock = (counter: number) => {
    const block = Buffer.concat([iv, Buffer.alloc(4)]);
    block.writeUInt32BE(counter, 12);
    return encryptBlock(block);
  };
  const lengths = Buffer.alloc(16);
  lengths.writeBigUInt64BE(BigInt(aad.length * 8), 0);
  lengths.writeBigUInt64BE(BigInt(ciphertext.length * 8), 8);
  const hashed = Buffer.concat([padToBlock(aad), padToBlock(ciphertext), lengths]);
  let digest = 0n;
  for (let at = 0; at < hashed.length; at += 16) {
    digest = multiplyInField(digest ^ toBigInt(hashed.subarray(at, at + 16)), h);
  }
  const expected = digest ^ toBigInt(counterBlock(1));
  if (expected !== toBigInt(tag)) throw new Error('The tag does not match');
  return Buffer.from(
    ciphertext.map((byte, index) => byte ^ (counterBlock(2 + Math.floor(index / 16))[index % 16] ?? 0)),
  );
}

function multiplyInField(x: bigint, y: bigint): bigint {
  let product = 0n;
  let factor = y;
  for (let bit = 127n; bit >= 0n; bit -= 1n) {
    if ((x >> bit) & 1n) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ (0xe1n << 120n) : factor >> 1n;
  }
  return product;
}

function deriveKey(seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 1; blocks.length * 32 < length; counter += 1) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    blocks.push(sm3(Buffer.concat([seed, suffix])));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function multiply(point: Point, factor: bigint): Point {
  let result: Point | null = null;
  for (let bit = 255n; bit >= 0n; bit -= 1n) {
    if (result !== null) result = add(result, result);
    if ((factor >> bit) & 1n) result = result === null ? point : add(result, point);
  }
  if (result === null) throw new Error('The factor is zero');
  return result;
}

function add(a: Point, b: Point): Point {
  const slope =
    a.x === b.x && a.y === b.y
      ? (3n * a.x * a.x + A) * invert(2n * a.y)
      : (b.y - a.y) * invert(modulo(b.x - a.x));
  const x = modulo(slope * slope - a.x - b.x);
  return { x, y: modulo(slope * (a.x - x) - a.y) };
}

/** Fermat: the inverse of a is a^(p-2). */
function invert(value: bigint): bigint {
  let result = 1n;
  let base = modulo(value);
  for (let exponent = P - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % P;
    base = (base * base) % P;
  }
  return result;
}

const modulo = (value: bigint): bigint => ((value % P) + P) % P;
const hex32 = (value: bigint): string => value.toString(16).padStart(64, '0');
const toBigInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
const sm3 = (bytes: Buffer): Buffer => createHash('sm3').update(bytes).digest();
const padToBlock = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
