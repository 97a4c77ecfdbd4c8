import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StoreKeys } from '../../../../shared/store/keys.ts';
import { landRetries, leaveLine, placeVerifications } from '../../../../shared/store/shares/place.ts';
import { rebaseTags, weighClient } from '../../../../shared/store/shares/weigh-clients.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { cancelVerification } from '../../../../shared/store/verifications/cancel.ts';
import { claimVerification } from '../../../../shared/store/verifications/claim.ts';
import { markSent } from '../../../../shared/store/verifications/mark-sent.ts';
import { noteCall } from '../../../../shared/store/verifications/note-call.ts';
import type { NotedCall } from '../../../../shared/store/verifications/noted-call.ts';
import { postponeVerification } from '../../../../shared/store/verifications/postpone.ts';
import { makeRunToken } from '../../../../shared/store/verifications/run-token.ts';
import { ASIDE, BACK, FairShares, FRESH, type OrderClass, SPAN } from '../../../model/fair-shares.ts';
import { startTestLane, type TestLane } from '../../../support/lane.ts';

let lane: TestLane;
let redis: Redis;

beforeAll(async () => {
  lane = await startTestLane();
  redis = lane.redis;
});
afterAll(() => lane.stop());

const DAY = '2026-01-01';

/** The scripts as the workers call them, and the model beside them. */
class Both {
  readonly model = new FairShares();
  readonly keys: StoreKeys;
  readonly #prioritized: string;
  readonly #active: string;
  readonly #tokens = new Map<string, string>();
  /** By verification, the call that is marked. */
  readonly #calls = new Map<string, string>();
  #added = 0;
  /** Ids that are given away backwards, as by producers whose clocks differ. */
  #backwards = 0;
  #comebacks = 0;

  constructor(keys: StoreKeys) {
    this.keys = keys;
    this.#prioritized = keys.queueKey(keys.verificationQueue, 'prioritized');
    this.#active = keys.queueKey(keys.verificationQueue, 'active');
  }

  get context() {
    return { redis, keys: this.keys, subjects: redisSubjects, workerId: 'w' };
  }

  isMarked(id: string): boolean {
    return this.model.verifications.get(id)?.isMarked === true;
  }

  idsIn(status: 'waiting' | 'claimed'): string[] {
    const { verifications, waiting } = this.model;
    return [...verifications.keys()].filter((id) =>
      status === 'claimed' ? this.#tokens.has(id) : waiting.has(id),
    );
  }

  async add(client: string, orderClass: OrderClass, isLate = false): Promise<string> {
    if (isLate) this.#backwards += 1;
    else this.#added += 1;
    const id = `ver_${String(isLate ? 5_000 - this.#backwards : this.#added).padStart(4, '0')}`;
    const priority = orderClass === 2 ? 'interactive' : 'bulk';
    await redis.hset(this.keys.record(id), { id, client, priority, status: 'queued', submittedAt: '1' });
    await redis.zadd(this.#prioritized, orderClass * SPAN, id);
    await placeVerifications(this.context, 'fresh', [id]);
    this.model.add(id, client, orderClass);
    return id;
  }

  async claimNext(): Promise<void> {
    const id = await this.takeNext();
    if (id !== undefined) await this.claim(id);
  }

  /** As BullMQ hands it to a worker, which has not claimed it yet. */
  async takeNext(): Promise<string | undefined> {
    const [id] = await redis.zpopmin(this.#prioritized);
    expect(id).toBe(this.model.pop());
    if (id !== undefined) await redis.lpush(this.#active, id);
    return id;
  }

  /** Also one that a worker holds: as if that one had died. */
  async claim(id: string): Promise<void> {
    const known = this.model.verifications.get(id);
    const token = makeRunToken();
    const { client: clientId = '' } = known ?? {};
    const claim = await claimVerification(this.context, { id, clientId, token, day: DAY });
    this.model.claim(id, this.#tokens.has(id));
    this.#tokens.set(id, token);
    this.#calls.delete(id);
    expect(claim).toMatchObject({ status: 'claimed', record: { turn: known?.turn } });
  }

  async grant(id: string, bulkShare: number, isProbe: boolean): Promise<void> {
    const claim = { workerId: 'w', token: this.#tokens.get(id) ?? '' };
    const call = makeRunToken();
    this.#calls.set(id, call);
    const leaving = { id, claim, call, sentAt: '2026-01-01T00:00:00Z', bulkShare, isProbe };
    await markSent(this.context, leaving);
    // Its reply was lost.
    if (this.#added % 3 === 0) await markSent(this.context, leaving);
    this.model.grant(id, bulkShare, isProbe);
  }

  async noteCall(id: string): Promise<void> {
    const call = this.#makeCall(id);
    await noteCall(this.context, id, call);
    await noteCall(this.context, id, call);
    this.model.noteCall(id);
  }

  async postpone(id: string, { wasCalled, comesBack }: { wasCalled: boolean; comesBack: boolean }) {
    await postponeVerification(redis, this.keys, {
      id,
      claim: { workerId: 'w', token: this.#tokens.get(id) ?? '' },
      status: 'queued',
      call: wasCalled ? this.#makeCall(id) : null,
      counted: wasCalled,
      fateUnknown: false,
      deferredBefore: 'none',
      nextAttemptAt: null,
    });
    await redis.lrem(this.#active, 1, id);
    this.#tokens.delete(id);
    this.model.endTurn(id, wasCalled);
    const known = this.model.verifications.get(id);
    if (known === undefined) return;
    if (comesBack) {
      this.#comebacks += 1;
      await redis.zadd(this.#prioritized, ASIDE * SPAN + this.#comebacks, id);
      this.model.comeBack(id, this.#comebacks);
    } else {
      await redis.zadd(this.#prioritized, known.class * SPAN, id);
      await placeVerifications(this.context, 'back', [id]);
      this.model.waiting.set(id, known.class * SPAN);
      this.model.joinLine(known, BACK);
    }
  }

  async leave(id: string, how: 'cancelled' | 'aside'): Promise<void> {
    const known = this.model.verifications.get(id);
    if (how === 'aside') {
      await leaveLine(this.context, id);
      this.model.leaveLine(id);
      return;
    }
    await cancelVerification(this.context, { id, clientId: known?.client ?? '', now: 1, retentionMs: 1 });
    await redis.zrem(this.#prioritized, id);
    this.model.cancel(id);
  }

  async weigh(client: string, weight: number, atOnce: boolean): Promise<void> {
    await redis.hset(this.keys.client(client), 'weight', weight);
    this.model.clientWeights.set(client, weight);
    if (!atOnce) return;
    await weighClient(this.context, client);
    this.model.weigh(client);
  }

  async land(): Promise<void> {
    await landRetries(this.context, 2);
    this.model.landRetries(2);
  }

  async rebase(orderClass: OrderClass): Promise<void> {
    await rebaseTags(this.context, orderClass === 2 ? 'interactive' : 'bulk', 3);
    this.model.rebase(orderClass, 3);
  }

  async compare(): Promise<void> {
    expect(await this.#inRedis()).toEqual(this.#inModel());
  }

  #makeCall(id: string): NotedCall {
    const attempt = { at: '2026-01-01T00:00:00.000Z', durationMs: 1, code: 'Success', requestId: null };
    const call = this.#calls.get(id) ?? makeRunToken();
    this.#calls.delete(id);
    return { id: call, attempt, isListed: true, ledger: null };
  }

  async #inRedis() {
    const state = await redis.hgetall(this.keys.shares());
    const classes = await Promise.all(
      ([2, 4] as const).map(async (each) => {
        const weights = await redis.hgetall(this.keys.shareWeights(each));
        const lines = await Promise.all(
          Object.keys(weights).map((client) => redis.zrange(this.keys.shareLine(each, client), '0', '-1')),
        );
        return {
          v: Number(state[`v:${each}`] ?? 0),
          base: Number(state[`base:${each}`] ?? 0),
          sum: Number(state[`weights:${each}`] ?? 0),
          weights: new Map(Object.entries(weights).map(([client, weight]) => [client, Number(weight)])),
          next: new Map(pairs(await redis.zrange(this.keys.shareNext(each), '0', '-1', 'WITHSCORES'))),
          unasked: new Map(pairs(await redis.zrange(this.keys.shareUnasked(each), '0', '-1', 'WITHSCORES'))),
          lines: new Map(Object.keys(weights).map((client, i) => [client, lines[i]])),
        };
      }),
    );
    const waiting = pairs(await redis.zrange(this.#prioritized, '0', '-1', 'WITHSCORES'));
    return { waiting, bulkDue: Number(state['bulkDue'] ?? 0), classes };
  }

  #inModel() {
    const { model } = this;
    const classes = ([2, 4] as const).map((each) => {
      const { v, base, weightSum, weights, next, lines } = model.classes[each];
      const inLine = (client: string) =>
        lines
          .get(client)
          ?.entries()
          .map(({ id }) => id);
      return {
        v: v ?? 0,
        base,
        sum: weightSum,
        weights,
        next,
        unasked: model.unasked(each),
        lines: new Map([...weights.keys()].map((client) => [client, inLine(client)])),
      };
    });
    const waiting = model.waiting.entries().map(({ id, score }): [string, number] => [id, score]);
    return { waiting, bulkDue: model.bulkDue, classes };
  }
}

function pairs(reply: readonly string[]): [string, number][] {
  return reply.flatMap((name, i): [string, number][] => (i % 2 === 0 ? [[name, Number(reply[i + 1])]] : []));
}

const drawnStep = fc.record({
  op: fc.constantFrom(
    ...Array.from({ length: 12 }, () => 'add' as const),
    ...Array.from({ length: 8 }, () => 'claim' as const),
    ...Array.from({ length: 7 }, () => 'grant' as const),
    'note',
    'postpone',
    'postpone',
    'postpone',
    'cancel',
    'cancel',
    'aside',
    'takeOver',
    'land',
    'weigh',
    'weigh',
    'rebase',
  ),
  client: fc.constantFrom('a', 'a', 'a', 'b', 'c'),
  class: fc.constantFrom<OrderClass>(2, 2, 4),
  pick: fc.nat(1000),
  bulkShare: fc.constantFrom(0, 0.1, 0.5, 1),
  isProbe: fc.constantFrom(false, false, false, true),
  weight: fc.constantFrom(1, 33, 100, 1000),
  flag: fc.boolean(),
  other: fc.boolean(),
});
type DrawnStep = typeof drawnStep extends fc.Arbitrary<infer T> ? T : never;

async function take(both: Both, step: DrawnStep): Promise<void> {
  const pick = (ids: readonly string[]) => ids[step.pick % Math.max(1, ids.length)];
  const [waiting, claimed] = [pick(both.idsIn('waiting')), pick(both.idsIn('claimed'))];
  if (step.op === 'add') return void (await both.add(step.client, step.class, step.isProbe));
  if (step.op === 'claim') return both.claimNext();
  if (step.op === 'weigh') return both.weigh(step.client, step.weight, step.flag);
  if (step.op === 'land') return both.land();
  if (step.op === 'rebase') return both.rebase(step.class);
  if (step.op === 'cancel' || step.op === 'aside') {
    if (waiting !== undefined) await both.leave(waiting, step.op === 'cancel' ? 'cancelled' : 'aside');
    return;
  }
  if (claimed === undefined) return;
  if (step.op === 'grant') return both.grant(claimed, step.bulkShare, step.isProbe);
  if (step.op === 'note') return both.noteCall(claimed);
  if (step.op === 'takeOver') return both.claim(claimed);
  return both.postpone(claimed, { wasCalled: step.flag || both.isMarked(claimed), comesBack: step.other });
}

describe('the scripts of the fair shares and their model', () => {
  it('keep the same order, step after step', { timeout: 360_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(drawnStep, { minLength: 40, maxLength: 120 }), async (steps) => {
        const both = new Both(lane.freshKeys());
        for (const step of steps) {
          await take(both, step);
          await both.compare();
        }
      }),
      { numRuns: 60 },
    );
  });

  const claimEight = async (both: Both): Promise<string[]> => {
    for (let i = 0; i < 8; i += 1) await both.add('a', 2);
    const claimed = both.idsIn('waiting');
    for (const _ of claimed) await both.claimNext();
    return claimed;
  };

  it('have a newcomer come before what is claimed, when a quick worker asked in the last of its turns', async () => {
    const both = new Both(lane.freshKeys());
    const [, ...others] = (await claimEight(both)).reverse();
    const [last] = both.idsIn('claimed').slice(-1);
    await both.grant(last ?? '', 0, false);
    await both.add('b', 2);
    await both.claimNext();
    await both.compare();
    const turnOf = (id: string) => both.model.verifications.get(id)?.turn?.tag ?? Number.NaN;
    const newcomer = turnOf('ver_0009');
    expect(others.filter((id) => turnOf(id) < newcomer)).toEqual([]);
  });

  it('keep who came first in a line first, whatever ids say', async () => {
    const both = new Both(lane.freshKeys());
    const ids: string[] = [];
    for (const isLate of [true, true, false, true, false]) ids.push(await both.add('a', 2, isLate));
    expect(await redis.zrange(both.keys.shareLine(2, 'a'), '0', '-1')).toEqual(ids);
    await both.compare();
  });

  it('keep the order of a line where claims arrive in another one, and give back the turn of what is never claimed', async () => {
    const both = new Both(lane.freshKeys());
    for (let i = 0; i < 5; i += 1) await both.add('a', 2);
    const taken = [await both.takeNext(), await both.takeNext(), await both.takeNext()].map((id) => id ?? '');
    const [first = '', second = '', third = ''] = taken;
    await both.claim(third);
    await both.claim(first);
    await both.compare();
    const turnOf = (id: string) => both.model.verifications.get(id)?.turn?.tag;
    expect([first, second, third].map(turnOf)).toEqual([0, 1, 2]);
    expect(await redis.hget(both.keys.record(second), 'shareTag')).toBe('1');
    await both.leave(second, 'cancelled');
    expect(await redis.hmget(both.keys.record(second), 'turn', 'shareTag')).toEqual([null, null]);
    await both.compare();
    await both.claimNext();
    expect(turnOf('ver_0004')).toBe(2);
  });

  it('wait with no newcomer for what a silent worker holds', async () => {
    const both = new Both(lane.freshKeys());
    await claimEight(both);
    await redis.zadd(both.keys.heartbeats(), 1, 'w');
    await both.grant('ver_0008', 0, false);
    expect(await redis.hget(both.keys.shares(), 'v:2')).toBe('7');
  });

  it('forget what an earlier version has asked about, ended or deleted without a word', async () => {
    const both = new Both(lane.freshKeys());
    const [asked = '', ended = '', gone = '', first = '', ...others] = await claimEight(both);
    const record = (id: string) => both.keys.record(id);
    await redis.hset(record(asked), 'sentAt', '2026-01-01T00:00:00Z');
    await redis.hdel(record(ended), 'turn', 'shareTag', 'claimedBy', 'claimToken');
    await redis.del(record(gone));
    await both.grant(others.at(-1) ?? '', 0, false);
    expect(await redis.hget(both.keys.shares(), 'v:2')).toBe('3');
    expect(await redis.zrange(both.keys.shareUnasked(2), '0', '-1')).toEqual([first, ...others.slice(0, -1)]);
  });

  it('treat what is placed again as it stands', async () => {
    const both = new Both(lane.freshKeys());
    for (let i = 0; i < 12; i += 1) await both.add('a', 2);
    for (const id of both.idsIn('waiting')) {
      await placeVerifications(both.context, 'fresh', [id]);
      await placeVerifications(both.context, 'unplaced', [id]);
    }
    await both.compare();
    expect(both.model.classes[2].lines.get('a')?.get('ver_0001')).toBe(FRESH);
  });
});
