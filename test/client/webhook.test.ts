import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { verifyWebhook as verifyAtOnce } from '../../client/server-package-entry.ts';
import { verifyWebhook as verifyByWebCrypto, WebhookVerificationError } from '../../client/veriqueue.ts';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const event = {
  type: 'verification.completed',
  timestamp: '2030-01-01T00:00:00.000Z',
  data: { reference: '订单 17' },
};
const body = Buffer.from(JSON.stringify(event));

interface SigningOptions {
  readonly secrets?: readonly string[];
  readonly signingKeys?: readonly KeyObject[];
  readonly ageSeconds?: number;
}

function sign(
  bytes: Buffer = body,
  { secrets = [secret], signingKeys = [], ageSeconds = 0 }: SigningOptions = {},
): Record<string, string> {
  const timestampSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
  return { ...computeWebhookHeaders({ id: 'evt_1', timestampSeconds, body: bytes, secrets, signingKeys }) };
}

interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: string;
  readonly webKey: JsonWebKey;
}

/** By node:crypto alone. */
function signingKey(): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const webKey = publicKey.export({ format: 'jwk' });
  return {
    privateKey,
    webKey,
    publicKey: `whpk_${Buffer.from(webKey.x ?? '', 'base64url').toString('base64')}`,
  };
}

type Verify = (...given: Parameters<typeof verifyByWebCrypto>) => Promise<unknown>;

describe.each<[string, Verify]>([
  ['verifyWebhook of @veriqueue/client', verifyByWebCrypto],
  ['verifyWebhook of veriqueue/client', async (...given) => verifyAtOnce(...given)],
])('%s', (_entry, verifyWebhook) => {
  test('reads the event, from bytes or text', async () => {
    expect(await verifyWebhook(body, sign(), secret)).toEqual(event);
    expect(await verifyWebhook(new Uint8Array(body), sign(), secret)).toEqual(event);
    expect(await verifyWebhook(body.toString(), sign(), secret)).toEqual(event);
  });

  test('takes headers as fetch, Node and others hand them over', async () => {
    const headers = sign();
    const upperCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const node = { ...headers, 'set-cookie': ['a', 'b'], host: undefined };
    for (const given of [new Headers(headers), upperCase, node]) {
      expect(await verifyWebhook(body, given, secret)).toEqual(event);
    }
  });

  test('takes both secrets throughout a rotation, whichever of them signed', async () => {
    const both = [otherSecret, secret];
    expect(await verifyWebhook(body, sign(body, { secrets: [secret] }), both)).toEqual(event);
    expect(await verifyWebhook(body, sign(body, { secrets: [otherSecret] }), both)).toEqual(event);
    expect(await verifyWebhook(body, sign(body, { secrets: both }), secret)).toEqual(event);
  });

  const first = signingKey();
  const second = signingKey();
  const keySet = (...keys: readonly SigningKey[]) => ({ keys: keys.map(({ webKey }) => webKey) });

  test('takes v1a by a key set, a public key, and both keys throughout a rotation', async () => {
    const headers = sign(body, { signingKeys: [first.privateKey, second.privateKey] });
    const others = { keys: [{ kty: 'RSA', kid: 'r' }, ...keySet(first).keys] };
    for (const keys of [keySet(first), keySet(second), others, first.publicKey, [second.publicKey, secret]]) {
      expect(await verifyWebhook(body, headers, keys)).toEqual(event);
    }
    expect(await verifyWebhook(body, headers, secret)).toEqual(event);
  });

  test('takes no signature for one of the other kind', async () => {
    const signed = sign(body, { signingKeys: [first.privateKey] });
    const [v1 = '', v1a = ''] = (signed['webhook-signature'] ?? '').split(' ');
    // Anyone who knows the public key could compute this.
    const forged = sign(body, { secrets: [`whsec_${first.publicKey.replace('whpk_', '')}`] });
    for (const [headers, keys] of [
      [forged, keySet(first)],
      [forged, first.publicKey],
      [
        { ...forged, 'webhook-signature': forged['webhook-signature']?.replace('v1,', 'v1a,') ?? '' },
        first.publicKey,
      ],
      [{ ...signed, 'webhook-signature': v1 }, keySet(first)],
      [{ ...signed, 'webhook-signature': v1a }, secret],
      [{ ...signed, 'webhook-signature': v1a.replace('v1a,', 'v1,') }, keySet(first)],
      [signed, keySet(second)],
    ] as const) {
      await expect(verifyWebhook(body, headers, keys)).rejects.toThrow(WebhookVerificationError);
    }
  });

  test.each([
    ['no key', { keys: [] }],
    ['a key set of another kind', { keys: [{ kty: 'RSA', n: 'AQAB' }] }],
    ['a key that is too short', { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AAAA' }] }],
    ['a public key that is too short', 'whpk_AAAA'],
  ])('says so when it is given %s', async (_name, given) => {
    await expect(verifyWebhook(body, sign(), given)).rejects.toThrow(TypeError);
  });

  const changed = Buffer.from(body.toString().replace('17', '18'));
  const { 'webhook-signature': _, ...unsigned } = sign();
  test.each<[string, Buffer, Record<string, string>]>([
    ['another secret', body, sign(body, { secrets: [otherSecret] })],
    ['a changed body', changed, sign()],
    ['another id', body, { ...sign(), 'webhook-id': 'evt_2' }],
    ['an old event', body, sign(body, { ageSeconds: 320 })],
    ['an event from the future', body, sign(body, { ageSeconds: -320 })],
    ['a time that is no number', body, { ...sign(), 'webhook-timestamp': 'now' }],
    ['no signature', body, unsigned],
    ['an empty signature', body, { ...sign(), 'webhook-signature': 'v1,' }],
    ['no headers', body, {}],
    ['a body that is no JSON', Buffer.from('{"type":'), sign(Buffer.from('{"type":'))],
    ['a body that is no event', Buffer.from('"type"'), sign(Buffer.from('"type"'))],
    ['an empty body', Buffer.alloc(0), sign(Buffer.alloc(0))],
    ['a signature that is none', body, { ...sign(), 'webhook-signature': 'v1,_ v1 ,' }],
    [
      'a signature of another version',
      body,
      { ...sign(), 'webhook-signature': sign()['webhook-signature']?.replace('v1,', 'v1a,') ?? '' },
    ],
    ['part of the signature', body, { ...sign(), 'webhook-signature': 'v1,AAAA' }],
  ])('refuses %s', async (_name, bytes, headers) => {
    await expect(verifyWebhook(bytes, headers, secret)).rejects.toThrow(WebhookVerificationError);
    await expect(verifyWebhook(bytes, headers, [secret, secret])).rejects.toThrow(
      /^The webhook is not authentic: /,
    );
  });

  test.each([
    ['no secret', []],
    ['an empty secret', ''],
    ['a secret that is none', 'whsec_not-base64-at-all'],
    ['one of two that is none', [secret, 'whsec_not-base64-at-all']],
  ])('says so when it is given %s, and does not quote it', async (_name, given) => {
    const error: unknown = await verifyWebhook(body, sign(), given).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(inspect(error)).not.toContain('not-base64');
  });
});

test('verifyWebhook of veriqueue/client gives the event at once, as it did before', () => {
  expect(verifyAtOnce(body, sign(), secret)).toEqual(event);
  expect(() => verifyAtOnce(body, sign(), otherSecret)).toThrow(WebhookVerificationError);
});
