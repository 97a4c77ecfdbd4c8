import { performance } from 'node:perf_hooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mostInRollingSecond } from '../../../../bench/quota/judge.ts';
import { createLane, type Lane } from '../../../../shared/account/limiter/lane.ts';
import type { LaneOptions } from '../../../../shared/account/limiter/lane-settings.ts';
import { readLaneState } from '../../../../shared/account/limiter/lane-state.ts';
import type { Grant, GrantedSlot } from '../../../../shared/account/limiter/slot-line.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { closeRedis, connectRedis } from '../../../../shared/store/redis/connect.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';

const keys = accountKeys('lane-test');
let server: TestRedis;
let redis: ReturnType<typeof connectRedis>;
let lanes: Lane[] = [];
let lines: string[] = [];

const quiet = { info: () => undefined, warn: () => undefined };
const log = {
  info: (_fields: object, text: string) => void lines.push(text),
  warn: (_fields: object, text: string) => void lines.push(text),
};

beforeAll(async () => {
  server = await startTestRedis();
  redis = connectRedis({ url: server.url, role: 'queue', log: quiet });
});

beforeEach(async () => {
  await redis.flushall();
  await redis.config('RESETSTAT');
  lines = [];
});

afterEach(async () => {
  await Promise.all(lanes.map((lane) => lane.close()));
  lanes = [];
});

afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
});

/** One process' end of the lane. */
function openLane(options: LaneOptions = {}): Lane {
  const lane = createLane({ redis, keys, options, log });
  lanes.push(lane);
  return lane;
}

function expectGranted(grant: Grant): GrantedSlot {
  if (grant.status !== 'granted')
    throw new Error(`Cannot go on: a slot was expected, received ${grant.status}`);
  return grant;
}

const takeSlot = async (lane: Lane, ...args: Parameters<Lane['take']>) =>
  expectGranted(await lane.take(...args));

describe('taking slots', () => {
  it('keeps to the quota over three processes that all want more', async () => {
    const three = [openLane(), openLane(), openLane()];
    const grants = await Promise.all(
      three.flatMap((lane) => Array.from({ length: 16 }, () => takeSlot(lane))),
    );
    const instants = grants.map(({ at }) => at).sort((a, b) => a - b);
    expect(mostInRollingSecond(instants)).toBeLessThanOrEqual(20);
    expect(new Set(grants.map(({ seq }) => seq)).size).toBe(48);
  });

  it('never hands a slot over before its instant', async () => {
    const lane = openLane();
    const early: number[] = [];
    await Promise.all(
      Array.from({ length: 25 }, async () => {
        const { at } = await takeSlot(lane);
        // The same clock as Redis': one machine.
        early.push(at - (performance.timeOrigin + performance.now()));
      }),
    );
    expect(Math.max(...early)).toBeLessThan(2);
  });

  it('serves the most urgent first, and equals in the order they came', async () => {
    const lane = openLane();
    await takeSlot(lane);
    const served: string[] = [];
    const wait = async (rank: 'bulk' | 'bulk_retry' | 'interactive' | 'interactive_retry', name: string) => {
      await takeSlot(lane, { rank });
      served.push(name);
    };
    await Promise.all([
      wait('bulk', 'bulk 1'),
      wait('bulk', 'bulk 2'),
      wait('bulk_retry', 'bulk again'),
      wait('interactive', 'interactive'),
      wait('interactive_retry', 'interactive again'),
    ]);
    expect(served).toEqual(['interactive again', 'interactive', 'bulk again', 'bulk 1', 'bulk 2']);
  });

  it('serves the most urgent first across processes', async () => {
    const [bulk, interactive] = [openLane(), openLane()];
    const served: string[] = [];
    const many = Array.from({ length: 12 }, async () => {
      await takeSlot(bulk);
      served.push('bulk');
    });
    await Promise.race(many);
    await takeSlot(interactive, { rank: 'interactive' });
    const before = served.length;
    await Promise.all(many);
    // What was given away before it came: the horizon holds two slots, and one may have been on its way.
    expect(before).toBeLessThanOrEqual(5);
  });

  it('rejects with the reason when the signal aborts, and goes on with the others', async () => {
    const lane = openLane();
    await takeSlot(lane);
    const abort = new AbortController();
    const given = lane.take({ signal: abort.signal });
    const next = takeSlot(lane);
    abort.abort(new Error('changed my mind'));
    await expect(given).rejects.toThrow('changed my mind');
    expect((await next).status).toBe('granted');
    await expect(lane.take({ signal: abort.signal })).rejects.toThrow('changed my mind');
  });

  it('rejects who still waits when it closes, and whoever comes after', async () => {
    const lane = openLane();
    await takeSlot(lane);
    const waiting = Promise.allSettled([lane.take(), lane.take()]);
    await lane.close();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(lane.take()).rejects.toThrow('the lane is closed');
  });

  it('keeps to a lifted quota with several slots per call', async () => {
    const lane = openLane({ quotaPerSecond: 500 });
    await takeSlot(lane);
    const grants = await Promise.all(Array.from({ length: 1100 }, () => takeSlot(lane)));
    const instants = grants.map(({ at }) => at).sort((a, b) => a - b);
    expect(mostInRollingSecond(instants)).toBeLessThanOrEqual(500);
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
    expect(calls).toBeLessThan(700);
  });

  it('tells the lane when its slots were used, also when nobody waits any more', async () => {
    const lane = openLane();
    const { at, seq } = await takeSlot(lane);
    await lane.close();
    const notAfterUs = Number(await redis.hget(keys.quota(), `s${seq % 20}`));
    expect(notAfterUs / 1000).toBeGreaterThanOrEqual(at);
    expect(notAfterUs / 1000).toBeLessThan(performance.timeOrigin + performance.now() + 2);
  });
});

describe('when the lane is not there', () => {
  it('grants nothing while Redis is away, and goes on when it is back, with two lines in the log', async () => {
    const own = await startTestRedis();
    const client = connectRedis({ url: own.url, role: 'request', log: quiet });
    const lane = createLane({ redis: client, keys, log });
    try {
      await new Promise((resolve) => client.once('ready', resolve));
      await takeSlot(lane);
      await own.crash();
      const events: string[] = [];
      const pending = takeSlot(lane).then(() => events.push('granted'));
      while (!lines.some((line) => line.includes('Cannot reach the lane'))) await turn();
      events.push('still waiting');
      await own.up();
      await pending;
      expect(events).toEqual(['still waiting', 'granted']);
      expect(lines.filter((line) => line.includes('Cannot reach the lane'))).toHaveLength(1);
      expect(lines.filter((line) => line.includes('reachable again'))).toHaveLength(1);
    } finally {
      await lane.close();
      client.disconnect();
      await own.stop();
    }
  });

  it('keeps silent for a second when Redis has lost the log, and says so', async () => {
    const lane = openLane();
    const { at } = await takeSlot(lane);
    await lane.close();
    const other = openLane();
    await takeSlot(other);
    await redis.flushall();
    const after = await takeSlot(other);
    expect(after.at - at).toBeGreaterThanOrEqual(1000);
    expect(lines.filter((line) => line.includes('silent'))).toHaveLength(1);
  });

  it('survives a Redis that has forgotten its scripts', async () => {
    const lane = openLane();
    await takeSlot(lane);
    await redis.script('FLUSH');
    expect((await lane.take()).status).toBe('granted');
  });
});

describe('the state of the lane', () => {
  it('is held by an account fault for every process, at once, and resumed by the probe', async () => {
    const [first, second] = [openLane({ probeIntervalMs: 300 }), openLane({ probeIntervalMs: 300 })];
    const slot = await takeSlot(first);
    await first.report('account_fault', slot, 'FailedOperation.Arrears', 'a1');
    const held = await second.take();
    expect(held).toMatchObject({ status: 'held', lane: 'held', reason: 'FailedOperation.Arrears' });
    expect(await readLaneState(redis, keys)).toMatchObject({
      status: 'held',
      reason: 'FailedOperation.Arrears',
    });

    // Everyone asks until the probe is out; one gets it.
    const askUntilProbe = async (lane: Lane): Promise<GrantedSlot> => {
      for (;;) {
        const grant = await lane.take();
        if (grant.status === 'granted') return grant;
        await turn();
      }
    };
    const probe = await Promise.race([askUntilProbe(first), askUntilProbe(second)]);
    expect(probe.probe).toBe(true);
    await first.report('answered', probe, 'Success', 'a1');
    expect(await first.take()).toMatchObject({ status: 'granted', probe: false });
    expect(lines).toEqual(['Lane held: the account is at fault, probing', 'Lane resumed']);
  });

  it('turns away everyone in line when it is paused, and serves them when it is resumed', async () => {
    const lane = openLane();
    await takeSlot(lane);
    await lane.pause('moving house');
    const turnedAway = await Promise.all([lane.take(), lane.take(), lane.take()]);
    expect(turnedAway.map(({ status }) => status)).toEqual(['held', 'held', 'held']);
    expect(await lane.state()).toMatchObject({ status: 'paused', reason: 'moving house' });
    await lane.resume();
    expect((await lane.take()).status).toBe('granted');
    expect(lines).toEqual(['Lane paused by an operator', 'Lane resumed']);
  });

  it('counts what is granted and what the upstream refused', async () => {
    const lane = openLane();
    for (let nth = 0; nth < 3; nth += 1) await takeSlot(lane);
    await lane.report('refused', await takeSlot(lane), 'RequestLimitExceeded', 'a1');
    expect(await lane.state()).toMatchObject({
      status: 'running',
      quotaPerSecond: 20,
      effectiveRate: 20,
      marginMs: 7,
      grantedLastMinute: 4,
      grantedTotal: 4,
      refusedLastMinute: 1,
    });
  });

  it('is known before any worker has asked', async () => {
    expect(await readLaneState(redis, keys)).toMatchObject({
      status: 'running',
      quotaPerSecond: 0,
      grantedTotal: 0,
    });
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
