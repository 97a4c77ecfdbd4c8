import { createPublicKey, type JsonWebKey, randomBytes, verify } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Veriqueue, verifyWebhook } from '../../client/veriqueue.ts';
import { generateSigningKey } from '../../shared/signing/signing-keys.ts';
import { type Chain, startChain } from '../support/chain.ts';
import type { Delivery } from '../support/webhook-receiver.ts';

const first = generateSigningKey(randomBytes);
const second = generateSigningKey(randomBytes);

let chain: Chain;
let veriqueue: Veriqueue;
beforeAll(async () => {
  const published = { SIGNING_KEYS: `${second.published},${first.published}` };
  chain = await startChain({ workers: 0, environment: published });
  veriqueue = new Veriqueue({ url: chain.url, apiKey: chain.client.apiKey });
});
afterAll(() => chain?.stop());

/** One event of a worker that signs with these keys. Its `v1` is checked by the `standardwebhooks` library at the receiver. */
async function deliver(signingKeys: string): Promise<Delivery> {
  const worker = await chain.addWorker({ SIGNING_KEYS: signingKeys });
  const { id } = await chain.submit();
  await chain.receiver.eventOf(id);
  await worker.stop();
  const delivery = chain.receiver.deliveries.find(({ event }) => event.data.id === id);
  return delivery ?? expect.fail(`no event of ${id} came`);
}

/** As a receiver that knows nothing of this program does it, by the text of Standard Webhooks 1.0.0. */
function isSignedFor({ body, headers }: Delivery, key: JsonWebKey): boolean {
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const content = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`);
  return String(headers['webhook-signature'])
    .split(' ')
    .some((entry) => {
      const [version, signature = ''] = entry.split(',');
      return version === 'v1a' && verify(null, content, publicKey, Buffer.from(signature, 'base64'));
    });
}

describe('signing keys', () => {
  test('replace one another with an overlap, and each event is verified by the published key set', async () => {
    const keySet = await veriqueue.keySet();
    const [newKey, oldKey] = keySet.keys;
    if (newKey === undefined || oldKey === undefined) throw new Error('two keys must be published');
    expect(keySet.keys.map(({ kid }) => kid)).toEqual([
      ...[second.published.split(':')[0], first.published.split(':')[0]],
    ]);
    const before = await deliver(first.secret);
    const during = await deliver(`${second.secret},${first.secret}`);
    const after = await deliver(`${second.secret},${first.published}`);
    const signed = [before, during, after].map((delivery) => [
      isSignedFor(delivery, oldKey),
      isSignedFor(delivery, newKey),
    ]);
    expect(signed).toEqual([
      [true, false],
      [true, true],
      [false, true],
    ]);
    for (const { body, headers, event } of [before, during, after]) {
      expect(await verifyWebhook(body, headers, keySet)).toEqual(event);
      expect(await verifyWebhook(body, headers, chain.client.webhookSecret)).toEqual(event);
    }
    await expect(verifyWebhook(after.body, after.headers, { keys: [oldKey] })).rejects.toThrow(
      'not authentic',
    );
  });

  test('are published for anyone, and only their public halves', async () => {
    const answer = await fetch(`${chain.url}/.well-known/jwks.json`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/json; charset=utf-8',
    ]);
    const { keys } = (await answer.json()) as { readonly keys: readonly object[] };
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ]);
  });
});
