import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPersonLimit, type PersonLimit } from '../../../../shared/account/person-limit/person-limit.ts';
import { generateKey } from '../../../../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../../../../shared/sealing/key-ring.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { waitUntilReady } from '../../../../shared/store/redis/wait-until-ready.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const NOON = Date.parse('2026-03-02T04:00:00Z'); // 12:00 at +08:00
const MIDNIGHT = Date.parse('2026-03-02T16:00:00Z'); // 00:00 at +08:00
const PERSON = '990001199001010013';

let server: TestRedis;
let redis: Redis;

beforeAll(async () => {
  server = await startTestRedis();
  redis = openRedis({ url: server.url, log: { info: () => {}, warn: () => {} } }, 'unbatched');
  await waitUntilReady(redis, 5_000);
});

afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
});

function ringOf(...texts: string[]): KeyRing {
  const parsed = parseKeyRing(texts.join(','));
  if (!parsed.ok) throw new Error(parsed.errors.join());
  return parsed.keyRing;
}

const key = () => generateKey(randomBytes);
let lanes = 0;

/** A limiter on a lane of its own, with a clock to turn. */
function makeLimit(options: { ring?: KeyRing; lane?: string } = {}) {
  const clock = { now: NOON };
  const lane = options.lane ?? `test-${++lanes}`;
  const limit = createPersonLimit({
    redis,
    keys: accountKeys(lane),
    keyRing: options.ring ?? ringOf(key()),
    perMinute: 15,
    perDay: 30,
    now: () => clock.now,
    random: () => 0.5,
  });
  return { limit, clock, lane };
}

async function admitMany(limit: PersonLimit, count: number) {
  const admissions = [];
  for (let i = 0; i < count; i += 1) admissions.push(await limit.admit(PERSON));
  return admissions;
}

describe('the limit per person', () => {
  test('admits fifteen calls within a minute and sends the sixteenth back', async () => {
    const { limit } = makeLimit();
    const admissions = await admitMany(limit, 16);
    expect(admissions.filter(({ status }) => status === 'admitted')).toHaveLength(15);
    expect(admissions[15]).toEqual({ status: 'wait', until: NOON + 72_000 });
  });

  test('looks nothing up about a person who is asked about for the first time', async () => {
    const { limit } = makeLimit();
    await limit.admit(PERSON);
    await redis.config('RESETSTAT');
    const { limit: another } = makeLimit();
    await another.admit(PERSON);
    const used = [...(await redis.info('commandstats')).matchAll(/cmdstat_(\w+):/g)].map(([, name]) => name);
    expect(used.filter((name) => name?.startsWith('z'))).toEqual(['zadd']);
  });

  test('counts over any minute and not from fixed minute to fixed minute', async () => {
    const { limit, clock } = makeLimit();
    await admitMany(limit, 10);
    clock.now = NOON + 50_000;
    await admitMany(limit, 5);
    clock.now = NOON + 61_000;
    expect(await limit.admit(PERSON)).toEqual({ status: 'wait', until: NOON + 72_000 });
    clock.now = NOON + 72_000;
    expect(await limit.admit(PERSON)).toMatchObject({ status: 'admitted' });
  });

  test('lets the thirty-first call of a day wait for the next day at +08:00, spread over ten minutes', async () => {
    const { limit, clock } = makeLimit();
    await admitMany(limit, 15);
    clock.now += 80_000;
    await admitMany(limit, 15);
    clock.now += 80_000;
    expect(await limit.admit(PERSON)).toEqual({ status: 'wait', until: MIDNIGHT + 300_000 });
    clock.now = MIDNIGHT + 300_000;
    expect(await limit.admit(PERSON)).toMatchObject({ status: 'admitted' });
  });

  test('leaves other persons alone', async () => {
    const { limit } = makeLimit();
    await admitMany(limit, 16);
    expect(await limit.admit('990001199001010021')).toMatchObject({ status: 'admitted' });
  });

  test('gives a reservation back when the call was not made', async () => {
    const { limit } = makeLimit();
    const [first] = await admitMany(limit, 15);
    if (first?.status !== 'admitted') throw new Error('the first call must be admitted');
    await limit.giveBack(PERSON, first.reservation);
    expect(await limit.admit(PERSON)).toMatchObject({ status: 'admitted' });
    expect(await limit.admit(PERSON)).toMatchObject({ status: 'wait' });
  });

  test('lets everybody wait for a person whom the upstream has refused', async () => {
    const { limit, clock } = makeLimit();
    await limit.block(PERSON, NOON + 60_000);
    expect(await limit.admit(PERSON)).toEqual({ status: 'wait', until: NOON + 60_000 });
    clock.now = NOON + 60_000;
    expect(await limit.admit(PERSON)).toMatchObject({ status: 'admitted' });
  });

  test('goes on counting when a new sealing key comes to the front', async () => {
    const old = key();
    const before = makeLimit({ ring: ringOf(old) });
    await admitMany(before.limit, 14);
    const after = makeLimit({ ring: ringOf(key(), old), lane: before.lane });
    await admitMany(after.limit, 1);
    expect(await after.limit.admit(PERSON)).toMatchObject({ status: 'wait' });
  });

  test('keeps no ID number in Redis', async () => {
    const { limit, lane } = makeLimit();
    await limit.admit(PERSON);
    const keys = await redis.keys(`*${lane}*`);
    expect(keys).toHaveLength(1);
    const content = JSON.stringify([keys, await redis.zrange(keys[0] ?? '', '0', '-1')]);
    expect(content).not.toContain(PERSON);
  });
});
