import fc from 'fast-check';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { computeWebhookHeaders, signWebhook } from '../../../shared/webhook/webhook-signature.ts';

const key = (fill: number, bytes = 32) => `whsec_${Buffer.alloc(bytes, fill).toString('base64')}`;
const nowSeconds = () => Math.floor(Date.now() / 1000);
const body = Buffer.from('{"type":"verification.completed","data":{"reference":"张·三 ✓"}}');

describe('signWebhook', () => {
  test("gives the specification's own example signature", () => {
    const signature = signWebhook({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestampSeconds: 1614265330,
      body: Buffer.from('{"test": 2432232314}'),
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    });
    expect(signature).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test.each([1, 2, 3])('is accepted by the standardwebhooks library with each of %i secrets', (count) => {
    const secrets = Array.from({ length: count }, (_, index) => key(index + 1));
    const headers = computeWebhookHeaders({ id: 'ver_1', timestampSeconds: nowSeconds(), body, secrets });
    expect(headers['webhook-signature'].split(' ')).toHaveLength(count);
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(body, { ...headers })).toEqual(JSON.parse(body.toString()));
    }
  });

  test('signs each event of a list of secrets alike, and another list by its own', () => {
    const content = { id: 'ver_1', timestampSeconds: 1_700_000_000, body };
    const secrets = [key(1), key(2)];
    const signature = signWebhook({ ...content, secrets });
    expect(signWebhook({ ...content, secrets })).toBe(signature);
    expect(signWebhook({ ...content, secrets: [key(1), key(2)] })).toBe(signature);
    expect(signWebhook({ ...content, secrets: [key(3)] })).not.toContain(signature.split(' ')[0]);
  });

  test('puts the newest secret first, for receivers that only look at the first signature', () => {
    const content = { id: 'ver_1', timestampSeconds: 1_700_000_000, body };
    const [newest] = signWebhook({ ...content, secrets: [key(2), key(1)] }).split(' ');
    expect(newest).toBe(signWebhook({ ...content, secrets: [key(2)] }));
  });

  test.each([
    ['another secret', (headers: Record<string, string>) => headers, key(9), body],
    ['another id', (headers) => ({ ...headers, 'webhook-id': 'ver_2' }), key(1), body],
    ['another time', (headers) => ({ ...headers, 'webhook-timestamp': `${nowSeconds() - 1}` }), key(1), body],
    ['one more byte', (headers) => headers, key(1), Buffer.concat([body, Buffer.from(' ')])],
  ] satisfies [string, (headers: Record<string, string>) => Record<string, string>, string, Buffer][])(
    'is rejected by the library with %s',
    (_, change, secret, receivedBody) => {
      const headers = computeWebhookHeaders({
        id: 'ver_1',
        timestampSeconds: nowSeconds(),
        body,
        secrets: [key(1)],
      });
      expect(() => new Webhook(secret).verify(receivedBody, change({ ...headers }))).toThrow(
        WebhookVerificationError,
      );
    },
  );

  test('agrees with the library for any id, body and key', () => {
    const id = fc.string({ minLength: 1 }).filter((text) => !text.includes('.'));
    const secretBytes = fc.uint8Array({ minLength: 24, maxLength: 64 });
    fc.assert(
      fc.property(id, fc.string({ unit: 'grapheme' }), secretBytes, (anyId, text, bytes) => {
        const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
        const timestampSeconds = nowSeconds();
        const content = { id: anyId, timestampSeconds, body: Buffer.from(text), secrets: [secret] };
        const theirs = new Webhook(secret).sign(anyId, new Date(timestampSeconds * 1000), text);
        expect(signWebhook(content)).toBe(theirs);
      }),
    );
  });

  test.each([
    ['an empty id', { id: '' }],
    ['an id with a full stop', { id: 'ver.1' }],
    ['a fraction of a second', { timestampSeconds: 1.5 }],
    ['no secret', { secrets: [] }],
    ['a secret without its prefix', { secrets: [Buffer.alloc(32, 1).toString('base64')] }],
    ['an empty secret', { secrets: ['whsec_'] }],
    ['a secret that is no base64', { secrets: ['whsec_not base64!'] }],
    ['a secret without padding', { secrets: ['whsec_AAAAA'] }],
  ])('refuses %s', (_, change) => {
    const content = { id: 'ver_1', timestampSeconds: 1_700_000_000, body, secrets: [key(1)], ...change };
    expect(() => signWebhook(content)).toThrow(RangeError);
  });

  test('never says a secret in its error', () => {
    const sign = () => signWebhook({ id: 'a', timestampSeconds: 1, body, secrets: ['whsec_hush-hush-hush'] });
    expect(sign).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hush') }));
  });
});
