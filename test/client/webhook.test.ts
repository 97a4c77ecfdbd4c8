import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { verifyWebhook, WebhookVerificationError } from '../../client/veriqueue.ts';
import { computeWebhookHeaders } from '../../shared/webhook/webhook-signature.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const otherSecret = `whsec_${Buffer.alloc(32, 2).toString('base64')}`;
const event = {
  type: 'verification.completed',
  timestamp: '2030-01-01T00:00:00.000Z',
  data: { reference: '订单 17' },
};
const body = Buffer.from(JSON.stringify(event));

function sign(bytes: Buffer = body, { secrets = [secret], ageSeconds = 0 } = {}): Record<string, string> {
  const timestampSeconds = Math.floor(Date.now() / 1000) - ageSeconds;
  return { ...computeWebhookHeaders({ id: 'evt_1', timestampSeconds, body: bytes, secrets }) };
}

describe('verifyWebhook', () => {
  test('reads the event, from bytes or text', () => {
    expect(verifyWebhook(body, sign(), secret)).toEqual(event);
    expect(verifyWebhook(new Uint8Array(body), sign(), secret)).toEqual(event);
    expect(verifyWebhook(body.toString(), sign(), secret)).toEqual(event);
  });

  test('takes headers as fetch, Node and others hand them over', () => {
    const headers = sign();
    const upperCase = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
    );
    const node = { ...headers, 'set-cookie': ['a', 'b'], host: undefined };
    for (const given of [new Headers(headers), upperCase, node]) {
      expect(verifyWebhook(body, given, secret)).toEqual(event);
    }
  });

  test('takes both secrets throughout a rotation, whichever of them signed', () => {
    const both = [otherSecret, secret];
    expect(verifyWebhook(body, sign(body, { secrets: [secret] }), both)).toEqual(event);
    expect(verifyWebhook(body, sign(body, { secrets: [otherSecret] }), both)).toEqual(event);
    expect(verifyWebhook(body, sign(body, { secrets: both }), secret)).toEqual(event);
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
  ])('refuses %s', (_name, bytes, headers) => {
    expect(() => verifyWebhook(bytes, headers, secret)).toThrow(WebhookVerificationError);
    expect(() => verifyWebhook(bytes, headers, [secret, secret])).toThrow(/^Cannot verify the webhook: /);
  });

  test.each([
    ['no secret', []],
    ['an empty secret', ''],
    ['a secret that is none', 'whsec_not-base64-at-all'],
    ['one of two that is none', [secret, 'whsec_not-base64-at-all']],
  ])('says so when it is given %s, and does not quote it', (_name, given) => {
    const call = () => verifyWebhook(body, sign(), given);
    expect(call).toThrow(TypeError);
    expect(inspect(catchOf(call))).not.toContain('not-base64');
  });
});

function catchOf(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
