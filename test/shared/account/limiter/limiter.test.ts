import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mostInRollingSecond } from '../../../../bench/quota/judge.ts';
import { createLimiter, type Limiter } from '../../../../shared/account/limiter/limiter.ts';
import type { LimiterOptions } from '../../../../shared/account/limiter/limiter-settings.ts';
import { readLimiterState } from '../../../../shared/account/limiter/limiter-state.ts';
import { pauseAccount, resumeAccount } from '../../../../shared/account/limiter/pause-account.ts';
import type { Reservation, ReservedSlot } from '../../../../shared/account/limiter/reservation.ts';
import { accountKeys } from '../../../../shared/store/keys.ts';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { startTcpProxy } from '../../../support/tcp-proxy.ts';

const keys = accountKeys('lane-test');
let server: TestRedis;
let redis: ReturnType<typeof openRedis>;
let limiters: Limiter[] = [];
let lines: string[] = [];

const quiet = { info: () => undefined, warn: () => undefined };
const log = {
  info: (_fields: object, text: string) => void lines.push(text),
  warn: (_fields: object, text: string) => void lines.push(text),
};

beforeAll(async () => {
  server = await startTestRedis();
  redis = openRedis({ url: server.url, log: quiet }, 'unbatched');
});

beforeEach(async () => {
  await redis.flushall();
  await redis.config('RESETSTAT');
  lines = [];
});

afterEach(async () => {
  await Promise.all(limiters.map((limiter) => limiter.close()));
  limiters = [];
});

afterAll(async () => {
  await closeRedis(redis);
  await server.stop();
});

/** One process' end of the limiter. */
function openLimiter(options: LimiterOptions = {}): Limiter {
  const limiter = createLimiter({ redis, keys, options, log });
  limiters.push(limiter);
  return limiter;
}

/** A slot, at its instant. */
async function useSlot(
  limiter: Limiter,
  options: Parameters<Limiter['reserve']>[0] = {},
): Promise<ReservedSlot> {
  for (let since: number | undefined; ; ) {
    const slot: Reservation = await limiter.reserve({ ...options, since });
    if (slot.status !== 'reserved')
      throw new Error(`Cannot go on: a slot was expected, received ${slot.status}`);
    if ((await slot.due()) === 'due') return slot;
    since = slot.since;
  }
}

describe('reserving slots', () => {
  it('keeps to the quota over three processes that all want more', async () => {
    const three = [openLimiter(), openLimiter(), openLimiter()];
    const grants = await Promise.all(
      three.flatMap((limiter) => Array.from({ length: 16 }, () => useSlot(limiter))),
    );
    const instants = grants.map(({ at }) => at).sort((a, b) => a - b);
    expect(mostInRollingSecond(instants)).toBeLessThanOrEqual(20);
    expect(new Set(grants.map(({ seq }) => seq)).size).toBe(48);
  });

  it('waits until all that others had reserved is out of the window, when it joins a limiter in use', async () => {
    const used = await useSlot(openLimiter());
    const joined = await useSlot(openLimiter());
    expect(joined.at - used.at).toBeGreaterThanOrEqual(1000);
    expect((await useSlot(openLimiter())).at - joined.at).toBeGreaterThanOrEqual(1000);
  });

  it('never hands a slot over before its instant', async () => {
    const limiter = openLimiter();
    const early: number[] = [];
    await Promise.all(
      Array.from({ length: 25 }, async () => {
        const { at } = await useSlot(limiter);
        // The same clock as Redis': one machine.
        early.push(at - (performance.timeOrigin + performance.now()));
      }),
    );
    expect(Math.max(...early)).toBeLessThan(2);
  });

  it('serves waiters by class and tag, and equals in the order they came', async () => {
    const limiter = openLimiter();
    await useSlot(limiter);
    const served: string[] = [];
    const wait = async (orderClass: number, tag: number, name: string) => {
      await useSlot(limiter, { order: { class: orderClass, tag } });
      served.push(name);
    };
    await Promise.all([
      wait(4, 7, 'bulk, later turn'),
      wait(4, 5, 'bulk 1'),
      wait(4, 5, 'bulk 2'),
      wait(2, 1000.5, 'interactive'),
      wait(2, 1000, 'interactive, earlier turn'),
    ]);
    expect(served).toEqual([
      'interactive, earlier turn',
      'interactive',
      'bulk 1',
      'bulk 2',
      'bulk, later turn',
    ]);
  });

  it('serves the most urgent first across processes', async () => {
    const [bulk, interactive] = [openLimiter(), openLimiter()];
    await Promise.all([useSlot(bulk), useSlot(interactive)]);
    const served: string[] = [];
    const many = Array.from({ length: 12 }, async () => {
      await useSlot(bulk);
      served.push('bulk');
    });
    await Promise.race(many);
    await useSlot(interactive, { order: { class: 2, tag: 0 } });
    const before = served.length;
    await Promise.all(many);
    // What was given away before it came: the horizon holds two slots, and one may have been on its way.
    expect(before).toBeLessThanOrEqual(5);
  });

  it('ends a wait whose signal aborts, and goes on with the others', async () => {
    const limiter = openLimiter();
    await useSlot(limiter);
    const abort = new AbortController();
    const given = limiter.reserve({ signal: abort.signal });
    const next = useSlot(limiter);
    abort.abort();
    expect(await given).toEqual({ status: 'aborted' });
    expect((await next).status).toBe('reserved');
    expect(await limiter.reserve({ signal: abort.signal })).toEqual({ status: 'aborted' });
  });

  it('ends every wait when it closes, and those that come after', async () => {
    const limiter = openLimiter();
    await useSlot(limiter);
    const waiting = Promise.all([limiter.reserve(), limiter.reserve()]);
    await limiter.close();
    expect(await waiting).toEqual([{ status: 'aborted' }, { status: 'aborted' }]);
    expect(await limiter.reserve()).toEqual({ status: 'aborted' });
  });

  it('keeps to a lifted quota with several slots per call', async () => {
    const limiter = openLimiter({ quotaPerSecond: 500 });
    await useSlot(limiter);
    const grants = await Promise.all(Array.from({ length: 1100 }, () => useSlot(limiter)));
    const instants = grants.map(({ at }) => at).sort((a, b) => a - b);
    expect(mostInRollingSecond(instants)).toBeLessThanOrEqual(500);
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
    expect(calls).toBeLessThan(700);
  });

  it('reports when its slots were used, also when nothing waits any more', async () => {
    const limiter = openLimiter();
    const { at, seq } = await useSlot(limiter);
    await limiter.close();
    const notAfterUs = Number(await redis.hget(keys.quota(), `s${seq % 20}`));
    expect(notAfterUs / 1000).toBeGreaterThanOrEqual(at);
    expect(notAfterUs / 1000).toBeLessThan(performance.timeOrigin + performance.now() + 2);
  });
});

describe('when Redis is not there', () => {
  it('reserves nothing while Redis is away, and goes on when it is back, with two lines in the log', async () => {
    const own = await startTestRedis();
    const client = openRedis({ url: own.url, log: quiet }, 'request');
    const limiter = createLimiter({ redis: client, keys, log });
    try {
      await new Promise((resolve) => client.once('ready', resolve));
      await useSlot(limiter);
      await own.crash();
      const events: string[] = [];
      const pending = useSlot(limiter).then(() => events.push('reserved'));
      while (!lines.some((line) => line.includes('Redis does not answer: no slots'))) await turn();
      events.push('still waiting');
      await own.up();
      await pending;
      expect(events).toEqual(['still waiting', 'reserved']);
      expect(lines.filter((line) => line.includes('Redis does not answer: no slots'))).toHaveLength(1);
      expect(lines.filter((line) => line.includes('reachable again'))).toHaveLength(1);
    } finally {
      await limiter.close();
      client.disconnect();
      await own.stop();
    }
  });

  it('keeps silent for a second when Redis has lost the log, and says so', async () => {
    const limiter = openLimiter();
    const { at } = await useSlot(limiter);
    await limiter.close();
    const other = openLimiter();
    await useSlot(other);
    await redis.flushall();
    const after = await useSlot(other);
    expect(after.at - at).toBeGreaterThanOrEqual(1000);
    expect(lines.filter((line) => line.includes('silent'))).toHaveLength(1);
  });

  it('keeps silent for a second after a failover that forgot slots, also where a process asks first that knew of none', async () => {
    const [primary, replica] = await Promise.all([startTestRedis(), startTestRedis()]);
    let leadsTo = primary;
    const proxy = await startTcpProxy(
      () => Number(new URL(leadsTo.url).port),
      ({ near, far }) => near.pipe(far).pipe(near),
    );
    const clients = [0, 1].map(() => openRedis({ url: proxy.urlOf(primary.url), log: quiet }, 'unbatched'));
    const [knows, knowsNot] = clients.map((client) => {
      const limiter = createLimiter({ redis: client, keys, log, options: { quotaPerSecond: 5 } });
      limiters.push(limiter);
      return limiter;
    }) as [Limiter, Limiter];
    try {
      await useSlot(knowsNot);
      const [from, to] = [new Redis(primary.url), new Redis(replica.url)];
      // A limiter's first second is evenly spaced. This is a later one, in which nothing was asked yet.
      await from.hset(keys.quota(), 'pacedUntilUs', '0');
      await from.hdel(keys.quota(), ...Array.from({ length: 5 }, (_, i) => `s${i}`));
      const copied = await from.dumpBuffer(keys.quota());
      const instants: number[] = [];
      for (let i = 0; i < 5; i += 1) instants.push((await useSlot(knows)).at);
      await to.restore(keys.quota(), 0, copied);
      await to.config('SET', 'requirepass', new URL(primary.url).password);
      leadsTo = replica;
      for (const socket of proxy.sockets) socket.destroy();
      for (let i = 0; i < 5; i += 1) instants.push((await useSlot(knowsNot)).at);
      await useSlot(knows);
      expect(mostInRollingSecond(instants.toSorted((a, b) => a - b))).toBeLessThanOrEqual(5);
      expect(lines.filter((line) => line.includes('silent'))).not.toEqual([]);
      for (const client of [from, to]) client.disconnect();
    } finally {
      await Promise.all(limiters.splice(0).map((limiter) => limiter.close()));
      await Promise.all(clients.map(closeRedis));
      await proxy.close();
      await Promise.all([primary.stop(), replica.stop()]);
    }
  });

  it('survives a Redis that has forgotten its scripts', async () => {
    const limiter = openLimiter();
    await useSlot(limiter);
    await redis.script('FLUSH');
    expect((await useSlot(limiter)).status).toBe('reserved');
  });
});

describe('the state of the limiter', () => {
  it('is held by an account fault for every process, at once, and resumed by the probe', async () => {
    const [first, second] = [openLimiter({ probeIntervalMs: 300 }), openLimiter({ probeIntervalMs: 300 })];
    const [slot] = await Promise.all([useSlot(first), useSlot(second)]);
    await first.report('account_fault', slot, 'FailedOperation.Arrears', 'a1');
    const closed = await second.reserve();
    expect(closed).toMatchObject({ status: 'closed', by: 'held', reason: 'FailedOperation.Arrears' });
    expect(await readLimiterState(redis, keys)).toMatchObject({
      status: 'held',
      reason: 'FailedOperation.Arrears',
    });

    // Both ask until the probe is out; one gets it.
    const askUntilProbe = async (limiter: Limiter): Promise<ReservedSlot> => {
      for (;;) {
        const slot = await limiter.reserve();
        if (slot.status === 'reserved' && (await slot.due()) === 'due') return slot;
        await turn();
      }
    };
    const probe = await Promise.race([askUntilProbe(first), askUntilProbe(second)]);
    expect(probe.probe).toBe(true);
    await first.report('answered', probe, 'Success', 'a1');
    expect(await first.reserve()).toMatchObject({ status: 'reserved', probe: false });
    expect(lines).toEqual(['Lane held: the account is at fault, probing', 'Lane resumed']);
  });

  it('turns away all that wait when it is paused, and serves them when it is resumed', async () => {
    const limiter = openLimiter();
    await useSlot(limiter);
    await pauseAccount(redis, keys, 'moving house');
    const turnedAway = await Promise.all([limiter.reserve(), limiter.reserve(), limiter.reserve()]);
    expect(turnedAway.map(({ status }) => status)).toEqual(['closed', 'closed', 'closed']);
    expect(await limiter.state()).toMatchObject({ status: 'paused', reason: 'moving house' });
    await resumeAccount(redis, keys);
    expect((await useSlot(limiter)).status).toBe('reserved');
  });

  it('counts what is granted and what the upstream refused', async () => {
    const limiter = openLimiter();
    for (let nth = 0; nth < 3; nth += 1) await useSlot(limiter);
    const last = await useSlot(limiter);
    await limiter.report('refused', last, 'RequestLimitExceeded', 'a1');
    // Four, and what a busy machine let pass.
    expect(last.seq).toBeGreaterThanOrEqual(4);
    expect(await limiter.state()).toMatchObject({
      status: 'running',
      quotaPerSecond: 20,
      effectiveRate: 20,
      marginMs: 22,
      grantedLastMinute: last.seq,
      grantedTotal: last.seq,
      refusedLastMinute: 1,
    });
  });

  it('is known before any worker has asked', async () => {
    expect(await readLimiterState(redis, keys)).toMatchObject({
      status: 'running',
      quotaPerSecond: 0,
      grantedTotal: 0,
    });
  });
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
