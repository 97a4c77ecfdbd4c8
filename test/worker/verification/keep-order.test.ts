import { Queue } from 'bullmq';
import { pino } from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Priority } from '../../../shared/contract/verification.ts';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { ASIDE_PRIORITY, queuePriority } from '../../../shared/store/queue/verification-flow.ts';
import { placeVerifications } from '../../../shared/store/shares/place.ts';
import { redisSubjects } from '../../../shared/store/subjects/redis-subjects.ts';
import { cancelVerification } from '../../../shared/store/verifications/cancel.ts';
import { claimVerification } from '../../../shared/store/verifications/claim.ts';
import { finishVerification } from '../../../shared/store/verifications/finish.ts';
import { markSent } from '../../../shared/store/verifications/mark-sent.ts';
import { makeRunToken } from '../../../shared/store/verifications/run-token.ts';
import { createOrderWalk, takeOrderTurn } from '../../../worker/verification/keep-order.ts';
import { useTestLane } from '../../support/lane.ts';
import { makeFinishing } from '../../support/records.ts';

const lane = useTestLane();
let keys: StoreKeys;
let queue: Queue;

beforeEach(() => {
  keys = lane.freshKeys();
  queue = new Queue(keys.verificationQueue, { connection: lane.redis, prefix: keys.queuePrefix });
});

const context = () => ({ redis: lane.redis, keys, subjects: redisSubjects, workerId: 'w' });
const order = async () => (await queue.getPrioritized()).map(({ id }) => id);
const prioritized = () => queue.toKey('prioritized');

interface Added {
  readonly client?: string;
  readonly priority?: Priority;
  /** As a version before this one would: nothing is placed. */
  readonly unplaced?: boolean;
}

async function add(id: string, { client = 'a', priority = 'bulk', unplaced }: Added = {}) {
  await lane.redis.hset(keys.record(id), { id, client, priority, status: 'queued', submittedAt: '1' });
  const job = await queue.add('verify', {}, { jobId: id, priority: queuePriority[priority].fresh });
  if (!unplaced) await placeVerifications(context(), 'fresh', [id]);
  return job;
}

/** What is left of a client in the order of what waits. */
async function linesOf(client: string): Promise<readonly string[]> {
  const left = await Promise.all(
    [2, 4].flatMap((each) => [
      lane.redis.zrange(keys.shareLine(each, client), '0', '-1'),
      lane.redis.hmget(keys.shareWeights(each), client),
    ]),
  );
  return left.flat().filter((each) => each !== null);
}

/** It has been asked about, waits for another attempt, and is due. */
async function comeBack(id: string, added: Added = {}): Promise<void> {
  const job = await add(id, { ...added, unplaced: true });
  await job.changePriority({ priority: ASIDE_PRIORITY });
}

/** A worker takes what is next, and its request leaves. */
async function askNext(bulkShare = 0, isProbe = false): Promise<string> {
  const [id = ''] = await lane.redis.zpopmin(prioritized());
  const token = makeRunToken();
  const clientId = (await lane.redis.hget(keys.record(id), 'client')) ?? '';
  await claimVerification(context(), { id, clientId, token, day: '2026-01-01' });
  const leaving = {
    id,
    claim: { workerId: 'w', token },
    call: makeRunToken(),
    sentAt: '2026-01-01T00:00:00Z',
  };
  await markSent(context(), { ...leaving, bulkShare, isProbe });
  return id;
}

function turn(isOpen = true): Promise<void> {
  const deps = { redis: lane.redis, keys, log: pino({ enabled: false }), isAccountOpen: async () => isOpen };
  return lane.redis.del(keys.sharesTurn()).then(() => takeOrderTurn(deps, createOrderWalk(deps)));
}

describe('the share of bulk verifications', () => {
  test('is a tenth of the calls while both wait, by calls', async () => {
    for (let i = 0; i < 40; i += 1) {
      await add(`interactive-${i}`, { priority: 'interactive' });
      await add(`bulk-${i}`);
    }
    const asked: string[] = [];
    for (let i = 0; i < 40; i += 1) asked.push(await askNext(0.1));
    expect(asked.filter((id) => id.startsWith('bulk'))).toEqual(['bulk-0', 'bulk-1', 'bulk-2', 'bulk-3']);
    expect(asked.findIndex((id) => id.startsWith('bulk'))).toBe(9);
  });

  test('is nothing when it is set to 0, and everything when it is set to 1', async () => {
    for (let i = 0; i < 6; i += 1) {
      await add(`interactive-${i}`, { priority: 'interactive' });
      await add(`bulk-${i}`);
    }
    expect([await askNext(0), await askNext(0), await askNext(1)]).toEqual([
      'interactive-0',
      'interactive-1',
      'interactive-2',
    ]);
    expect(await askNext(1)).toBe('bulk-0');
  });

  test('saves up nothing while no bulk verification waits', async () => {
    for (let i = 0; i < 30; i += 1) await add(`interactive-${i}`, { priority: 'interactive' });
    for (let i = 0; i < 20; i += 1) await askNext(0.5);
    for (let i = 0; i < 5; i += 1) await add(`bulk-${i}`);
    const asked = [await askNext(0.5), await askNext(0.5), await askNext(0.5), await askNext(0.5)];
    expect(asked.map((id) => id.split('-')[0])).toEqual(['interactive', 'bulk', 'interactive', 'bulk']);
  });

  test('passes by jobs without a record, and lets the next one ahead', async () => {
    for (let i = 0; i < 3; i += 1) await add(`interactive-${i}`, { priority: 'interactive' });
    await add('bulk-0');
    const place = Number(await lane.redis.zscore(prioritized(), 'bulk-0'));
    await lane.redis.zadd(prioritized(), place - 2, 'gone', place - 1, 'foreign');
    await lane.redis.set(keys.record('foreign'), 'no hash');
    await askNext(1);
    expect(await lane.redis.zrange(prioritized(), '0', '0')).toEqual(['bulk-0']);
  });
});

describe('what comes back for another attempt', () => {
  beforeEach(async () => {
    await comeBack('a-again', { client: 'a' });
    for (let i = 0; i < 3; i += 1) {
      await add(`a-${i}`, { client: 'a' });
      await add(`b-${i}`, { client: 'b' });
    }
  });

  test('goes before the new work of its own client, and not before that of others', async () => {
    await turn();
    expect(await order()).toEqual(['a-again', 'b-0', 'a-0', 'b-1', 'a-1', 'b-2', 'a-2']);
  });

  test('gets its place at the next call, without a turn', async () => {
    expect(await askNext()).toBe('a-0');
    expect((await order()).indexOf('a-again')).toBeLessThan((await order()).indexOf('a-1'));
  });

  test('stays behind everything while the account is closed, also when a probe leaves', async () => {
    await turn(false);
    await askNext(0, true);
    expect((await order()).at(-1)).toBe('a-again');
  });

  test('takes turns with others at being the probe, when it went back unasked', async () => {
    await comeBack('b-again', { client: 'b' });
    const [first] = (await order()).slice(-2);
    await lane.redis.zadd(prioritized(), ASIDE_PRIORITY * 2 ** 32, first ?? '');
    await placeVerifications(context(), 'back', [first ?? '']);
    expect((await order()).slice(-2)).toEqual(['b-again', 'a-again']);
  });

  test('counts as tried, so that it is no probe while others wait', async () => {
    await turn();
    expect((await queue.getJob('a-again'))?.priority).toBe(queuePriority.bulk.retry);
  });

  test('stands in no line when it is final by then, and its job goes first', async () => {
    await comeBack('c-answered', { client: 'c', priority: 'interactive' });
    await comeBack('c-cancelled', { client: 'c' });
    // The answer of a worker that was taken for dead while another asked again.
    await finishVerification(context(), makeFinishing('c-answered', { clientId: 'c' }));
    await cancelVerification(context(), { id: 'c-cancelled', clientId: 'c', now: 1, retentionMs: 1 });
    await turn();
    expect((await order()).slice(0, 3)).toEqual(['c-answered', 'c-cancelled', 'a-again']);
    expect(await linesOf('c')).toEqual([]);
  });

  test('keeps no place from those behind it when its record is gone', async () => {
    await lane.redis.del(keys.record('a-again'));
    await comeBack('b-again', { client: 'b' });
    await turn();
    expect((await order())[0]).toBe('a-0');
    expect((await order()).indexOf('b-again')).toBeLessThan((await order()).indexOf('b-0'));
  });
});

describe('a final verification to which a version before has given a place', () => {
  beforeEach(async () => {
    for (const id of ['c-0', 'c-1']) await add(id, { client: 'c' });
    await lane.redis.hset(keys.record('c-0'), 'status', 'completed');
  });

  test('leaves the line when its job ends', async () => {
    await lane.redis.hset(keys.record('c-1'), 'status', 'cancelled');
    expect([await askNext(), await askNext()]).toEqual(['c-0', 'c-1']);
    expect(await linesOf('c')).toEqual([]);
  });

  test('leaves the line though its job has ended before, also beside a damaged line', async () => {
    await lane.redis.zrem(prioritized(), 'c-0');
    await lane.redis.hset(keys.shareWeights(4), 'damaged', '100');
    await lane.redis.set(keys.shareLine(4, 'damaged'), 'no line');
    await turn();
    expect(await lane.redis.zrange(keys.shareLine(4, 'c'), '0', '-1')).toEqual(['c-1']);
    expect(await askNext()).toBe('c-1');
    expect(await linesOf('c')).toEqual([]);
  });
});

describe('verifications that have no place', () => {
  test('of the version before are served by arrival until they have one', async () => {
    for (let i = 0; i < 20; i += 1) await add(`a-${String(i).padStart(2, '0')}`, { unplaced: true });
    await add('b-0', { client: 'b' });
    expect([await askNext(), await askNext()]).toEqual(['a-00', 'b-0']);
    await turn();
    await add('b-1', { client: 'b' });
    expect([await askNext(), await askNext()].sort()).toEqual(['a-01', 'b-1']);
  });

  test('get one after the keys of the shares were lost, and new ones are not held up meanwhile', async () => {
    for (let i = 0; i < 30; i += 1) await add(`a-${String(i).padStart(2, '0')}`, { client: 'a' });
    for (let i = 0; i < 10; i += 1) await askNext();
    const lost = await lane.redis.keys(`${keys.shares()}*`);
    await lane.redis.del(...lost);
    await add('b-0', { client: 'b' });
    expect([await askNext(), await askNext()]).toContain('b-0');
    await turn();
    expect(await lane.redis.zcard(keys.shareLine(4, 'a'))).toBe(await lane.redis.zcard(prioritized()));
    for (let i = 1; i < 4; i += 1) await add(`b-${i}`, { client: 'b' });
    const asked: string[] = [];
    for (let i = 0; i < 6; i += 1) asked.push(await askNext());
    expect(asked.filter((id) => id.startsWith('b'))).toEqual(['b-1', 'b-2', 'b-3']);
  });
});

test('one worker takes a turn for all of them', async () => {
  await comeBack('again');
  const deps = { redis: lane.redis, keys, log: pino({ enabled: false }), isAccountOpen: async () => true };
  await lane.redis.set(keys.sharesTurn(), '1');
  await takeOrderTurn(deps, createOrderWalk(deps));
  expect(Number(await lane.redis.zscore(prioritized(), 'again'))).toBeGreaterThan(ASIDE_PRIORITY * 2 ** 32);
});

test('a changed weight moves what waits already', async () => {
  for (let i = 0; i < 12; i += 1) {
    await add(`a-${String(i).padStart(2, '0')}`, { client: 'a' });
    await add(`b-${String(i).padStart(2, '0')}`, { client: 'b' });
  }
  await lane.redis.hset(keys.client('b'), 'weight', '300');
  await turn();
  const asked: string[] = [];
  for (let i = 0; i < 12; i += 1) asked.push(await askNext());
  expect(asked.filter((id) => id.startsWith('b'))).toHaveLength(9);
});
