import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { producerEnvironment } from '../../producer/settings.ts';
import { parseEnvironment } from '../../shared/config/environment.ts';
import { generateKey, generateKeys } from '../../shared/sealing/generate-keys.ts';
import { unwrapSecret } from '../../shared/sealing/key-wrap.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const { privateKey, publicKey, digestKey } = generateKeys(randomBytes);
const producerKeys = `${publicKey},${digestKey}`;

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0, environment: { VERIQUEUE_KEYS: producerKeys } });
  await chain.addWorker({ VERIQUEUE_KEYS: privateKey });
});
afterAll(() => chain?.stop());

describe('a producer that has the public half only', () => {
  it('accepts what the worker asks about, and signs events with a secret it cannot read', async () => {
    const { id } = await chain.submit();
    const event = await chain.receiver.eventOf(id);
    expect(event.data.outcome?.verdict).toBe('match');
  });

  it('cannot open what it has sealed', async () => {
    const own = await startChain({
      redis: chain.redisServer,
      workers: 0,
      environment: { VERIQUEUE_KEYS: producerKeys },
    });
    const { id } = await own.submit();
    const wrapped = await own.redis.hgetBuffer(own.keys.subject(id), 'key');
    const { VERIQUEUE_KEYS: keyRing } = producerEnvironment.parse(own.environment);
    expect(unwrapSecret(keyRing, { owner: id, purpose: 'data-key' }, wrapped ?? Buffer.alloc(0))).toEqual({
      status: 'unreadable',
      reason: 'public_key_only',
    });
    await own.stop();
  });

  it('recognizes a repeated submission, and another one under the same key', async () => {
    const person = makePerson();
    const send = (submission: object) =>
      chain.call('/v1/verifications', {
        method: 'POST',
        body: JSON.stringify(submission),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'order-1' },
      });
    const first = await send(makeSubmission(person));
    const again = await send(makeSubmission(person));
    const other = await send(makeSubmission(makePerson()));
    expect([first.status, again.status, other.status]).toEqual([202, 202, 422]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });
});

describe('keys that a process cannot work with are refused at its start, by name', () => {
  const base = {
    REDIS_URL: 'redis://127.0.0.1',
    TENCENTCLOUD_SECRET_ID: 'id',
    TENCENTCLOUD_SECRET_KEY: 'key',
  };
  it('a producer without a key for digests', () => {
    expect(() => parseEnvironment(producerEnvironment, { ...base, VERIQUEUE_KEYS: publicKey })).toThrow(
      /VERIQUEUE_KEYS must hold an entry id:digest/,
    );
  });
  it('a worker that can open nothing', () => {
    expect(() => parseEnvironment(workerEnvironment, { ...base, VERIQUEUE_KEYS: producerKeys })).toThrow(
      /VERIQUEUE_KEYS must hold a key that opens/,
    );
  });
  it.each([generateKey(randomBytes), privateKey, `${privateKey},${digestKey}`])(
    'and neither of them with a whole one',
    (keys) => {
      for (const schema of [producerEnvironment, workerEnvironment]) {
        expect(() => parseEnvironment(schema, { ...base, VERIQUEUE_KEYS: keys })).not.toThrow();
      }
    },
  );
});
