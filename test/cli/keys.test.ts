import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateKeys } from '../../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { rewrapSubjects } from '../../shared/store/verifications/rewrap-subjects.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { runCli, runJson } from './run-cli.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain.stop());

const makeKey = (id: string) => `${id}:${randomBytes(32).toString('base64')}`;
const oldKey = () => chain.environment['VERIQUEUE_KEYS'] ?? '';

interface Rotation {
  readonly subjects: object;
  readonly webhookSecrets: object;
}

describe('veriqueue keys', () => {
  it('rotates, after which the old key is not needed any more', async () => {
    const newKey = makeKey('k2');
    const both = { ...chain.environment, VERIQUEUE_KEYS: `${newKey},${oldKey()}` };
    const submitted = await Promise.all([chain.submit(), chain.submit(), chain.submit()]);

    const first = await runJson<Rotation>(['keys', 'rotate'], both);
    const again = await runJson<Rotation>(['keys', 'rotate'], both);
    expect(first).toMatchObject({
      subjects: { rewrapped: 3, current: 0, unreadable: 0 },
      webhookSecrets: { rewrapped: 1, current: 0, unreadable: 0 },
    });
    expect(again).toMatchObject({
      subjects: { rewrapped: 0, current: 3, unreadable: 0 },
      webhookSecrets: { rewrapped: 0, current: 1, unreadable: 0 },
    });

    const worker = await chain.addWorker({ VERIQUEUE_KEYS: newKey });
    const events = await Promise.all(submitted.map(({ id }) => chain.receiver.eventOf(id)));
    expect(events.map((event) => event.data.outcome?.verdict)).toEqual(['match', 'match', 'match']);
    await worker.stop();
  });

  it('says that a key is still needed when something does not open without it', async () => {
    await chain.submit();
    const without = { ...chain.environment, VERIQUEUE_KEYS: makeKey('k3') };
    const { code, stderr } = await runCli(['keys', 'rotate'], without);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: Some of it was sealed with a key that VERIQUEUE_KEYS does not hold\. .* remove none yet\n$/m,
    );
  });

  it('does not bring back a subject that was shredded while it was being rewrapped', async () => {
    const { id } = await chain.submit();
    const subject = chain.keys.subject(id);
    const shredding: Redis = Object.create(chain.redis, {
      hgetBuffer: {
        value: async (key: string, field: string) => {
          const value = await chain.redis.hgetBuffer(key, field);
          await chain.redis.del(key);
          return value;
        },
      },
    });
    const counts = await rewrapSubjects(
      { redis: shredding, keys: chain.keys, keyRing: ringOf(`${makeKey('k4')},${oldKey()}`), epochs: null },
      {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        report: (name) => expect.fail(name),
      },
    );
    expect(counts.rewrapped).toBe(0);
    expect(await chain.redis.exists(subject)).toBe(0);
  });

  it('rotates to a public key, and refuses to with a producer’s half', async () => {
    const { privateKey, publicKey, digestKey } = generateKeys(randomBytes);
    const own = await startChain({ redis: chain.redisServer, workers: 0 });
    const submitted = await own.submit();
    const half = { ...own.environment, VERIQUEUE_KEYS: `${publicKey},${digestKey}` };
    const refused = await runCli(['keys', 'rotate'], half);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toMatch(/VERIQUEUE_KEYS holds public keys alone\. Use the keys of a worker/);

    const both = { ...own.environment, VERIQUEUE_KEYS: `${privateKey},${own.environment['VERIQUEUE_KEYS']}` };
    expect(await runJson<Rotation>(['keys', 'rotate'], both)).toMatchObject({
      subjects: { rewrapped: 1, unreadable: 0 },
      webhookSecrets: { rewrapped: 1, unreadable: 0 },
    });
    await own.addWorker({ VERIQUEUE_KEYS: privateKey });
    expect((await own.receiver.eventOf(submitted.id)).data.outcome?.verdict).toBe('match');
    await own.stop();
  });

  it('generates the two halves of a pair, a digest key, or a symmetric key', async () => {
    const [shown, made, symmetric] = await Promise.all([
      runCli(['keys', 'generate'], {}),
      runJson<{ worker: string; producer: string }>(['keys', 'generate'], {}),
      runCli(['keys', 'generate', '--symmetric'], {}),
    ]);
    expect(ringOf(made.worker).keys.map(({ kind }) => kind)).toEqual(['private']);
    expect(ringOf(made.producer).keys.map(({ kind }) => kind)).toEqual(['public', 'digest']);
    expect(ringOf(symmetric.stdout.trim()).keys.map(({ kind }) => kind)).toEqual(['symmetric']);
    const lines = shown.stdout.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('#'))).toHaveLength(2);
    for (const line of lines.filter((one) => !one.startsWith('#')))
      expect(ringOf(line).newest.id).toMatch(/^x/);
  });
});

function ringOf(text: string): KeyRing {
  const parsed = parseKeyRing(text);
  if (parsed.ok) return parsed.keyRing;
  throw new Error(parsed.errors.join());
}
