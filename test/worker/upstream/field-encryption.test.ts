import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createFieldEncryptor, type EncryptedFields } from '../../../worker/upstream/field-encryption.ts';
import { callAtOnce, jsonAnswer, makeClient, SUBJECT, startRawUpstream } from './raw-upstream.ts';
import { makeSm2KeyPair, sm2Decrypt, sm4GcmDecrypt } from './sm-reference.ts';

const FIELDS = { IdCard: '999999190001010000', Name: '欧阳测试' };
const base64 = (text: string) => Buffer.from(text, 'base64');

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPem = rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const sm2 = makeSm2KeyPair();

/** The keys that the upstream publishes in its own examples. */
const PUBLISHED_RSA_KEY =
  'LS0tLS1CRUdJTiBSU0EgUFVCTElDIEtFWS0tLS0tCk1JR0pBb0dCQU1SSm9hVWtaTjFkNU1wOEY1VjZpdFhtU0xOTTVaNzcxYWZheW9JNDlTbmRrRnRzc3BIUzQwMloKRVVVUFFmcWJ1WmsvVnVTaDU5THRBL2ZCS3piNEJQNWJWOGFxb2dWaEc0ZS9xK05Ea3dsYXEwaTMxSHdMeUJsYQpFb2pFL0VFSHBYQnN1RWtWVGJLRXk1ZWxScTl0b0w3SVo4MGkrSDJtdGZVNUNQc2FyK1IzQWdNQkFBRT0KLS0tLS1FTkQgUlNBIFBVQkxJQyBLRVktLS0tLQ==';
const PUBLISHED_SM2_KEY =
  'LS0tLS1CRUdJTiBQVUJMSUMgS0VZLS0tLS0KTUZrd0V3WUhLb1pJemowQ0FRWUlLb0VjejFVQmdpMERRZ0FFeTJRamJLQzRMNkxKcHc1MW1qWDkwWDQxTllHYQpNcCtPR1g3ZUpCZnM4Szk4TU90S044d1BqajFpcUhVbFc2cXlQR2dnTlBJNVJHRW9BWGFvak9WeWNnPT0KLS0tLS1FTkQgUFVCTElDIEtFWS0tLS0t';

/** Undoes PKCS#1 v1.5 by hand, because some versions of Node refuse to. */
function rsaDecrypt(ciphertext: Buffer): Buffer {
  const padded = privateDecrypt({ key: rsa.privateKey, padding: constants.RSA_NO_PADDING }, ciphertext);
  expect(padded.subarray(0, 2).toString('hex')).toBe('0002');
  return padded.subarray(padded.indexOf(0, 2) + 1);
}

function decryptAes({ IdCard, Name, Encryption }: EncryptedFields) {
  const key = rsaDecrypt(base64(Encryption.CiphertextBlob));
  const decrypt = (text: string) => {
    const decipher = createDecipheriv('aes-256-cbc', key, base64(Encryption.Iv));
    return Buffer.concat([decipher.update(base64(text)), decipher.final()]).toString();
  };
  return { IdCard: decrypt(IdCard), Name: decrypt(Name) };
}

function decryptSm4({ IdCard, Name, Encryption }: EncryptedFields) {
  const key = sm2Decrypt(base64(Encryption.CiphertextBlob), sm2.privateKey);
  const decrypt = (text: string, index: number) =>
    sm4GcmDecrypt(
      key,
      base64(Encryption.Iv),
      base64(text),
      base64(Encryption.TagList[index] ?? ''),
    ).toString();
  return { IdCard: decrypt(IdCard, 0), Name: decrypt(Name, 1) };
}

describe('the reference that judges SM4-GCM', () => {
  it('decrypts the example of RFC 8998, appendix A.1', () => {
    const hex = (text: string) => Buffer.from(text, 'hex');
    const plaintext = sm4GcmDecrypt(
      hex('0123456789abcdeffedcba9876543210'),
      hex('00001234567800000000abcd'),
      hex(
        '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d',
      ),
      hex('83de3541e4c2b58177e065a9bf7b62ec'),
      hex('feedfacedeadbeeffeedfacedeadbeefabaddad2'),
    );
    expect(plaintext.toString('hex')).toBe(
      ['a', 'b', 'c', 'd', 'e', 'f', 'e', 'a'].map((digit) => digit.repeat(16)).join(''),
    );
  });
});

describe.each([
  { algorithm: 'AES-256-CBC', publicKey: rsaPem, decrypt: decryptAes, ivBytes: 16, tags: 0, blobBytes: 256 },
  {
    algorithm: 'SM4-GCM',
    publicKey: sm2.publicKeyPem,
    decrypt: decryptSm4,
    ivBytes: 12,
    tags: 2,
    blobBytes: 113,
  },
] as const)(
  'field encryption with $algorithm',
  ({ algorithm, publicKey, decrypt, ivBytes, tags, blobBytes }) => {
    const encrypt = createFieldEncryptor({ algorithm, publicKey });

    it('gives the upstream what it needs to read both fields', () => {
      const encrypted = encrypt(FIELDS);
      expect(decrypt(encrypted)).toEqual(FIELDS);
      expect(encrypted.Encryption).toMatchObject({ EncryptList: ['IdCard', 'Name'], Algorithm: algorithm });
      expect(base64(encrypted.Encryption.Iv)).toHaveLength(ivBytes);
      expect(base64(encrypted.Encryption.CiphertextBlob)).toHaveLength(blobBytes);
      expect(encrypted.Encryption.TagList).toHaveLength(tags);
    });

    it('leaves neither field in clear', () => {
      const json = JSON.stringify(encrypt(FIELDS));
      expect(json).not.toContain(FIELDS.IdCard);
      expect(json).not.toContain(FIELDS.Name);
    });

    it('uses a fresh key and IV for every call', () => {
      const calls = Array.from({ length: 5 }, () => encrypt(FIELDS));
      const distinct = (pick: (call: EncryptedFields) => string) => new Set(calls.map(pick)).size;
      expect(distinct((call) => call.Encryption.Iv)).toBe(5);
      expect(distinct((call) => call.Encryption.CiphertextBlob)).toBe(5);
      expect(distinct((call) => call.IdCard)).toBe(5);
    });

    it('takes the key as the Base64 of a PEM too', () => {
      const wrapped = Buffer.from(publicKey).toString('base64');
      expect(decrypt(createFieldEncryptor({ algorithm, publicKey: wrapped })(FIELDS))).toEqual(FIELDS);
    });
  },
);

describe('the public key', () => {
  it('may be the one that the upstream publishes', () => {
    const aes = createFieldEncryptor({ algorithm: 'AES-256-CBC', publicKey: PUBLISHED_RSA_KEY })(FIELDS);
    const sm4 = createFieldEncryptor({ algorithm: 'SM4-GCM', publicKey: PUBLISHED_SM2_KEY })(FIELDS);
    expect(base64(aes.Encryption.CiphertextBlob)).toHaveLength(128);
    expect(base64(sm4.Encryption.CiphertextBlob)).toHaveLength(113);
  });

  it.each([
    { algorithm: 'AES-256-CBC', publicKey: PUBLISHED_SM2_KEY },
    { algorithm: 'SM4-GCM', publicKey: PUBLISHED_RSA_KEY },
    { algorithm: 'AES-256-CBC', publicKey: 'not a key' },
    { algorithm: 'SM4-GCM', publicKey: '' },
  ] as const)('is refused at start when $algorithm cannot use it', (settings) => {
    expect(() => createFieldEncryptor(settings)).toThrow(RangeError);
  });
});

describe('a call with field encryption', () => {
  const open: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0)) await close();
  });

  it('sends the fields encrypted and the rest as before', async () => {
    const upstream = await startRawUpstream({
      onRequest: (socket) => socket.end(jsonAnswer({ Result: 'Success' })),
    });
    const client = makeClient(upstream.endpoint, {
      encryption: { algorithm: 'SM4-GCM', publicKey: sm2.publicKeyPem },
    });
    open.push(client.close, upstream.close);
    const prepared = await client.prepare({ ...SUBJECT, extra: 'kyc' });
    await callAtOnce(client, prepared);
    const body = JSON.parse(upstream.requests[0]?.body.toString() ?? '');
    expect(decryptSm4(body)).toEqual({ IdCard: SUBJECT.idCard, Name: SUBJECT.name });
    expect(body).toMatchObject({ Extra: 'kyc', ImageBase64: SUBJECT.photo.toString('base64') });
    expect(prepared.tail.length).toBeLessThan(1400);
  });
});
