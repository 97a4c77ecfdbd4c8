import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { generateApiKey, hashApiKey, isApiKey, matchesApiKeyHash } from '../../../shared/sealing/api-key.ts';
import { generateWebhookSecret } from '../../../shared/sealing/webhook-secret.ts';

describe('an API key', () => {
  test('is recognized, and differs each time', () => {
    const [one, other] = [generateApiKey(randomBytes), generateApiKey(randomBytes)];
    expect(one).not.toBe(other);
    expect(isApiKey(one)).toBe(true);
    expect(one).toMatch(/^vq_[0-9a-f]{72}$/);
  });

  test('is refused with any single character mistyped, or cut', () => {
    const key = generateApiKey(randomBytes);
    fc.assert(
      fc.property(
        fc.nat({ max: key.length - 1 }),
        fc.constantFrom(...'0123456789abcdefAvq_ '),
        (at, character) => {
          const typed = [...key].with(at, character).join('');
          expect(isApiKey(typed)).toBe(typed === key);
        },
      ),
      { numRuns: 1000 },
    );
    for (let length = 0; length < key.length; length++) expect(isApiKey(key.slice(0, length))).toBe(false);
    for (const text of [`${key}0`, ` ${key}`, `${key}\n`, key.toUpperCase()])
      expect(isApiKey(text)).toBe(false);
  });

  test('rests as its SHA-256', () => {
    const key = generateApiKey(randomBytes);
    expect(hashApiKey(key)).toBe(createHash('sha256').update(key).digest('hex'));
  });

  test('matches its own hash and no other', () => {
    const key = generateApiKey(randomBytes);
    expect(matchesApiKeyHash(key, hashApiKey(key))).toBe(true);
    for (const hash of ['', 'x', key, hashApiKey(generateApiKey(randomBytes)), hashApiKey(key).slice(1)]) {
      expect(matchesApiKeyHash(key, hash)).toBe(false);
    }
  });
});

describe('a webhook secret', () => {
  test('is one that a Standard Webhooks library signs and verifies with', () => {
    const secret = generateWebhookSecret(randomBytes);
    expect(Buffer.from(secret.slice('whsec_'.length), 'base64')).toHaveLength(32);
    const webhook = new Webhook(secret);
    const at = new Date();
    const signature = webhook.sign('msg_1', at, '{}');
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signature,
    };
    expect(webhook.verify('{}', headers)).toEqual({});
    expect(() => new Webhook(generateWebhookSecret(randomBytes)).verify('{}', headers)).toThrow();
  });
});
