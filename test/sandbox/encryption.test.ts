import { constants, createCipheriv, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto';
import { sm2, sm4 } from 'sm-crypto-v2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { matchingSim } from '../../sandbox/answer.ts';
import type { Sandbox } from '../../sandbox/app.ts';
import type { PublicKeys } from '../../sandbox/encryption-keys.ts';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { JPEG_BASE64, startSandbox } from './sandbox-under-test.ts';
import { callApi, codeOf } from './signed-request.ts';

const ID_CARD = loadTestIdNumber(4711);
const NAME = '测试加密';

let sandbox: Sandbox;
let keys: PublicKeys;

beforeAll(async () => {
  sandbox = await startSandbox();
  keys = sandbox.encryptionKeys();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

interface Encrypted {
  readonly IdCard: string;
  readonly Name: string;
  readonly ImageBase64: string;
  readonly Encryption: {
    readonly EncryptList: readonly string[];
    readonly CiphertextBlob: string;
    readonly Iv: string;
    readonly Algorithm?: string;
    readonly TagList?: readonly string[];
  };
}

/** What a caller with the RSA key sends: AES-256-CBC with PKCS #7, the key wrapped with PKCS #1 v1.5. */
function aesQuestion(): Encrypted {
  const key = randomBytes(32);
  const iv = randomBytes(16);
  const seal = (text: string): string => {
    const cipher = createCipheriv('aes-256-cbc', key, iv);
    return Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]).toString('base64');
  };
  const rsa = createPublicKey(Buffer.from(keys.rsa.base64, 'base64').toString());
  const wrapped = publicEncrypt({ key: rsa, padding: constants.RSA_PKCS1_PADDING }, key);
  return {
    IdCard: seal(ID_CARD),
    Name: seal(NAME),
    ImageBase64: JPEG_BASE64,
    Encryption: {
      EncryptList: ['IdCard', 'Name'],
      CiphertextBlob: wrapped.toString('base64'),
      Iv: iv.toString('base64'),
      Algorithm: 'AES-256-CBC',
    },
  };
}

/** What a caller with the SM2 key sends: SM4-GCM, the key wrapped as 04‖C1‖C3‖C2. */
function sm4Question(): Encrypted {
  const key = randomBytes(16);
  const iv = randomBytes(12);
  const seal = (text: string): { output: Uint8Array; tag?: Uint8Array } =>
    sm4.encrypt(Buffer.from(text), key, { mode: 'gcm', iv, output: 'array', outputTag: true });
  const sealed = [seal(ID_CARD), seal(NAME)];
  const base64 = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('base64');
  return {
    IdCard: base64(sealed[0]?.output),
    Name: base64(sealed[1]?.output),
    ImageBase64: JPEG_BASE64,
    Encryption: {
      EncryptList: ['IdCard', 'Name'],
      CiphertextBlob: Buffer.from(`04${sm2.doEncrypt(key, keys.sm2.hex, 1)}`, 'hex').toString('base64'),
      Iv: iv.toString('base64'),
      Algorithm: 'SM4-GCM',
      TagList: sealed.map(({ tag }) => base64(tag)),
    },
  };
}

function changed(question: Encrypted, encryption: Partial<Encrypted['Encryption']>): Encrypted {
  return { ...question, Encryption: { ...question.Encryption, ...encryption } };
}

async function codeFor(payload: Encrypted): Promise<string | undefined> {
  return codeOf(await callApi(sandbox.port, { payload }));
}

describe.each([
  ['AES-256-CBC', aesQuestion],
  ['SM4-GCM', sm4Question],
])('a question encrypted with %s', (_algorithm, question) => {
  it('is answered for the person it is about', async () => {
    const answer = await callApi(sandbox.port, { payload: question() });
    expect(answer).toMatchObject({ Result: 'Success', Sim: matchingSim(ID_CARD) });
    expect(sandbox.calls(ID_CARD).calls).toBe(1);
  });

  it('may leave one of the fields in clear', async () => {
    const sealed = question();
    const inClear = changed({ ...sealed, Name: NAME }, { EncryptList: ['IdCard'] });
    const tags = inClear.Encryption.TagList?.slice(0, 1);
    expect(await codeFor(tags === undefined ? inClear : changed(inClear, { TagList: tags }))).toBe('Success');
  });

  it.each<[string, (sealed: Encrypted) => Encrypted]>([
    [
      'whose key was wrapped for someone else',
      (sealed) => changed(sealed, { CiphertextBlob: randomBytes(128).toString('base64') }),
    ],
    ['whose Iv is too short', (sealed) => changed(sealed, { Iv: randomBytes(8).toString('base64') })],
    ['with a field that was left in clear', (sealed) => ({ ...sealed, IdCard: ID_CARD })],
    ['whose key is missing', (sealed) => changed(sealed, { CiphertextBlob: '' })],
  ])('cannot be decrypted: %s', async (_what, spoil) => {
    expect(await codeFor(spoil(question()))).toBe('FailedOperation.DecryptSystemError');
  });

  it('may not name a field that cannot be encrypted', async () => {
    const answer = await callApi(sandbox.port, {
      payload: changed(question(), { EncryptList: ['IdCard', 'Name', 'ImageBase64'] }),
    });
    expect(answer.Error).toEqual({
      Code: 'InvalidParameter.UnsupportEncryptField',
      Message: 'Unencrypted fields exist. Refer to the documentation to modify.',
    });
  });
});

describe('the encryption', () => {
  it('defaults to AES-256-CBC', async () => {
    const sealed = aesQuestion();
    const { Algorithm: _, ...encryption } = sealed.Encryption;
    expect(await codeFor({ ...sealed, Encryption: encryption })).toBe('Success');
  });

  it('refuses an algorithm it does not know', async () => {
    expect(await codeFor(changed(aesQuestion(), { Algorithm: 'DES' }))).toBe('InvalidParameterValue');
  });

  it.each<[string, (tags: readonly string[]) => readonly string[]]>([
    ['are missing', () => []],
    ['are in another order', (tags) => tags.toReversed()],
    ['are too short', (tags) => tags.map((tag) => tag.slice(0, 8))],
  ])('fails when the tags of SM4-GCM %s', async (_what, spoil) => {
    const sealed = sm4Question();
    const TagList = spoil(sealed.Encryption.TagList ?? []);
    expect(await codeFor(changed(sealed, { TagList }))).toBe('FailedOperation.DecryptSystemError');
  });

  it('takes SM2 only as an uncompressed point with its 04, not in ASN.1', async () => {
    const key = randomBytes(16);
    const der = Buffer.from(sm2.doEncrypt(key, keys.sm2.hex, 1, { asn1: true }), 'hex').toString('base64');
    const bare = Buffer.from(sm2.doEncrypt(key, keys.sm2.hex, 1), 'hex').toString('base64');
    for (const CiphertextBlob of [der, bare]) {
      expect(await codeFor(changed(sm4Question(), { CiphertextBlob }))).toBe(
        'FailedOperation.DecryptSystemError',
      );
    }
  });

  it('works with RFC 8998, appendix A.1, as the library that both sides use does', () => {
    const sealed = sm4.encrypt(
      Buffer.from(
        'aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa',
        'hex',
      ),
      Buffer.from('0123456789abcdeffedcba9876543210', 'hex'),
      {
        mode: 'gcm',
        iv: Buffer.from('00001234567800000000abcd', 'hex'),
        associatedData: Buffer.from('feedfacedeadbeeffeedfacedeadbeefabaddad2', 'hex'),
        output: 'array',
        outputTag: true,
      },
    );
    expect(Buffer.from(sealed.output).toString('hex')).toBe(
      '17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d',
    );
    expect(Buffer.from(sealed.tag ?? []).toString('hex')).toBe('83de3541e4c2b58177e065a9bf7b62ec');
  });

  it('hands out its SM2 key as a key that other software reads', () => {
    expect(createPublicKey(keys.rsa.pem).asymmetricKeyDetails?.modulusLength).toBe(1024);
    expect(keys.sm2.pem).toMatch(/^-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAE/);
    expect(keys.sm2.hex).toMatch(/^04[0-9a-f]{128}$/);
  });
});
