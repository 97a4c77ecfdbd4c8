import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { computeDigest, countDigestingKeys, listDigestCandidates } from '../../../shared/sealing/digest.ts';
import { formatProducerKeys, generateKey, generateKeys } from '../../../shared/sealing/generate-keys.ts';
import { opensAnything, parseKeyRing } from '../../../shared/sealing/key-ring.ts';
import { unwrapSecret, type WrapContext, wrapSecret } from '../../../shared/sealing/key-wrap.ts';
import { openSubject, rewrap, sealSubject } from '../../../shared/sealing/seal.ts';
import { agree, importPublicKey, readPrivateKey } from '../../../shared/sealing/x25519.ts';
import { makeKeyRing } from './synthetic-ring.ts';

const keys = generateKeys(randomBytes);
const symmetric = generateKey(randomBytes);
const worker = makeKeyRing(keys.privateKey);
const producer = makeKeyRing(keys.publicKey, keys.digestKey);
const id = 'ver_1';
const subject = { idCard: '990001199001010013', name: '测试', photo: randomBytes(1000) };
const context: WrapContext = { owner: 'cli_1', purpose: 'webhook-secret' };

const base64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64');
const idOf = (entry: string) => entry.split(':')[0] ?? '';

describe('what is sealed to a public key', () => {
  test('opens with the private key', () => {
    expect(openSubject(worker, id, sealSubject(producer, id, subject))).toEqual({
      status: 'opened',
      subject,
    });
  });

  test('does not open with anything that the producer has', () => {
    const sealed = sealSubject(producer, id, subject);
    expect(opensAnything(producer)).toBe(false);
    expect(openSubject(producer, id, sealed)).toEqual({ status: 'unreadable', reason: 'public_key_only' });
  });

  test('does not open with another private key', () => {
    const other = makeKeyRing(generateKeys(randomBytes).privateKey);
    const sealed = sealSubject(producer, id, subject);
    expect(openSubject(other, id, sealed)).toEqual({ status: 'unreadable', reason: 'unknown_key' });
  });

  test('is never the same twice, nor under the same ephemeral key', () => {
    const wrapped = Array.from({ length: 50 }, () => wrapSecret(producer, context, Buffer.alloc(32)));
    const start = 2 + idOf(keys.publicKey).length;
    const ephemeral = wrapped.map((bytes) => bytes.subarray(start, start + 32).toString('hex'));
    expect(new Set(ephemeral).size).toBe(50);
  });

  test.each<[string, WrapContext]>([
    ['another owner', { ...context, owner: 'cli_2' }],
    ['another purpose', { ...context, purpose: 'data-key' }],
  ])('belongs to its place: not to %s', (_, other) => {
    const wrapped = wrapSecret(producer, context, randomBytes(32));
    expect(unwrapSecret(worker, other, wrapped)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });

  test('is noticed to be changed, wherever a bit of it is', () => {
    const wrapped = wrapSecret(producer, context, randomBytes(32));
    for (let at = 0; at < wrapped.length; at += 1) {
      const changed = Buffer.from(wrapped);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(unwrapSecret(worker, context, changed).status).toBe('unreadable');
    }
    for (let length = 0; length < wrapped.length; length += 1) {
      expect(unwrapSecret(worker, context, wrapped.subarray(0, length)).status).toBe('unreadable');
    }
  });

  test('is not taken for sealed when its ephemeral key is a point of low order', () => {
    const wrapped = wrapSecret(producer, context, randomBytes(32));
    wrapped.fill(0, 2 + idOf(keys.publicKey).length, 34 + idOf(keys.publicKey).length);
    expect(unwrapSecret(worker, context, wrapped)).toEqual({ status: 'unreadable', reason: 'tampered' });
  });

  test('is agreed on as RFC 7748 has it (section 6.1)', () => {
    const alice = '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a';
    const bob = readPrivateKey(
      Buffer.from('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb', 'hex'),
    );
    expect(bob.publicBytes.toString('hex')).toBe(
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    );
    expect(agree(bob.privateKey, importPublicKey(Buffer.from(alice, 'hex'))).toString('hex')).toBe(
      '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742',
    );
  });
});

describe('a ring on its way from a symmetric key to a public key', () => {
  const workerBetween = makeKeyRing(keys.privateKey, symmetric);
  const old = sealSubject(makeKeyRing(symmetric), id, subject);

  test('opens what either has sealed, and seals to the newer one', () => {
    expect(openSubject(workerBetween, id, old)).toEqual({ status: 'opened', subject });
    const sealed = sealSubject(workerBetween, id, subject);
    expect(openSubject(worker, id, sealed)).toEqual({ status: 'opened', subject });
  });

  test('wraps again what the symmetric key has wrapped, after which that is not needed', () => {
    const result = rewrap(workerBetween, id, old.wrappedKey);
    if (result.status !== 'rewrapped') throw new Error(result.status);
    expect(openSubject(worker, id, { ...old, wrappedKey: result.wrappedKey })).toEqual({
      status: 'opened',
      subject,
    });
    expect(rewrap(workerBetween, id, result.wrappedKey)).toEqual({ status: 'current' });
  });

  test('recognizes an Idempotency-Key that was digested with the symmetric key', () => {
    const before = computeDigest(makeKeyRing(symmetric), 'idempotency-key', ['a']);
    const between = makeKeyRing(keys.publicKey, keys.digestKey, symmetric);
    expect(listDigestCandidates(between, 'idempotency-key', ['a'])).toContain(before);
    expect(computeDigest(between, 'idempotency-key', ['a'])).toBe(
      computeDigest(producer, 'idempotency-key', ['a']),
    );
  });
});

describe('what a producer holds', () => {
  test('digests Idempotency-Keys, and no person: that would let it try ID numbers', () => {
    expect(countDigestingKeys(producer, 'idempotency-key')).toBe(1);
    expect(countDigestingKeys(producer, 'person')).toBe(0);
    expect(() => computeDigest(producer, 'person', ['a'])).toThrow(/VERIQUEUE_KEYS has no key for person/);
    expect(countDigestingKeys(worker, 'person')).toBe(1);
  });

  test('follows from a worker’s keys, without any private one', () => {
    const all = makeKeyRing(keys.privateKey, keys.digestKey, symmetric);
    expect(formatProducerKeys(all)).toBe([keys.publicKey, keys.digestKey, symmetric].join(','));
    expect(formatProducerKeys(worker)).not.toContain(keys.privateKey.split(':')[2]);
  });
});

describe('a key that is none', () => {
  const raw = keys.publicKey.split(':')[2] ?? '';
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  const ed25519 = createPublicKey(generateKeyPairSync('ed25519').privateKey);
  const der = (key: typeof p256) => key.export({ format: 'der', type: 'spki' }).toString('base64');

  // The points of low order, as cr.yp.to/ecdh.html#validate lists them, and encodings beyond the field's order.
  const points = [
    '00'.repeat(32),
    `01${'00'.repeat(31)}`,
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`,
    `ee${'ff'.repeat(30)}7f`,
    'ff'.repeat(32),
    `${'09'.padEnd(62, '0')}80`,
  ];

  test.each(points)('a point of low order or beyond the order is refused by name: %s', (hex) => {
    expect(parseKeyRing(`x1:x25519-public:${base64(hex)}`)).toEqual({
      ok: false,
      errors: ['entry 1 (x1) must be the public half of a key pair, as keys generate prints it'],
    });
  });

  test.each([
    ['31 bytes', `x1:x25519-public:${Buffer.alloc(31, 9).toString('base64')}`, /must have 32 bytes/],
    ['a key of P-256', `x1:x25519-public:${der(p256)}`, /must have 32 bytes/],
    ['a key of Ed25519 in DER', `x1:x25519-public:${der(ed25519)}`, /must have 32 bytes/],
    ['Base64 without padding', `x1:x25519-public:${raw.replace(/=+$/, '')}`, /standard Base64 with padding/],
    ['an unknown kind', `x1:x448:${raw}`, /must have the kind x25519, x25519-public, digest, or none/],
    ['a public key under another id', `x1:x25519-public:${raw}`, /must have the id that keys generate/],
    [
      'a private key under another id',
      keys.privateKey.replace(/^x/, 'y'),
      /must have the id that keys generate/,
    ],
    [
      'the id of another pair',
      `${idOf(generateKeys(randomBytes).publicKey)}:x25519-public:${raw}`,
      /must have the id that keys generate/,
    ],
    ['digest keys alone', keys.digestKey, /must have an entry that seals/],
    ['both halves', `${keys.privateKey},${keys.publicKey}`, /each must have its own/],
  ])('%s is refused by name, and not repeated', (_, text, reason) => {
    const parsing = parseKeyRing(text);
    expect(parsing).toMatchObject({ ok: false, errors: [expect.stringMatching(reason)] });
    for (const part of text.split(':').filter((one) => one.length > 20)) {
      expect(JSON.stringify(parsing)).not.toContain(part.slice(0, 20));
    }
  });

  test('shows no secret when the ring is printed', () => {
    const parsing = parseKeyRing(`${keys.privateKey},${keys.digestKey}`);
    const text = inspect(parsing, { depth: null, showHidden: true }) + JSON.stringify(parsing);
    for (const entry of [keys.privateKey, keys.digestKey]) {
      const secret = entry.split(':')[2] ?? '';
      expect(text).not.toContain(secret.slice(0, 12));
      const hex = Buffer.from(secret, 'base64').toString('hex').slice(0, 12);
      expect(text.replaceAll(/[ ,\n]/g, '')).not.toContain(hex);
    }
  });
});
