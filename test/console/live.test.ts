import { EventEmitter, once } from 'node:events';
import type { Socket } from 'node:net';
import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addEventsRoute } from '../../producer/operator/events-route.ts';
import { createLive, type LiveMessage, MAX_VIEWERS, type Viewer } from '../../producer/operator/live.ts';
import type { ConsoleSnapshot } from '../../shared/contract/console.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ConsoleUnderTest, readEvents, startConsoleUnderTest } from './console-under-test.ts';
import { storeSettled } from './stored-verifications.ts';

describe('the live look', () => {
  const silent = { debug: () => undefined };

  /** A viewer that signals when something came. */
  function makeViewer() {
    const seen: LiveMessage[] = [];
    const news = new EventEmitter();
    return {
      seen,
      view: (message: LiveMessage) => {
        seen.push(message);
        news.emit('news');
      },
      until: async (count: number) => {
        while (seen.length < count) await once(news, 'news', { signal: AbortSignal.timeout(10_000) });
      },
    };
  }

  test('is one for all viewers, and there is none while no viewer watches', async () => {
    let looks = 0;
    const live = createLive({
      read: async () => {
        looks += 1;
        return { looks };
      },
      now: () => 0,
      log: silent,
      everyMs: 5,
    });
    const [one, two] = [makeViewer(), makeViewer()];
    const [endOne, endTwo] = [live.watch(one.view), live.watch(two.view)];
    await Promise.all([one.until(3), two.until(3)]);
    expect(one.seen.slice(0, 3)).toEqual(two.seen.slice(0, 3));
    endOne?.();
    endTwo?.();
    expect(live.viewers()).toBe(0);
    const later = makeViewer();
    const before = looks;
    live.watch(later.view);
    await later.until(2);
    expect(looks).toBeGreaterThan(before);
    await live.stop();
    expect(live.watch(later.view)).toBeNull();
  });

  test('is sent when it changes, and a beat now and then when it does not', async () => {
    const live = createLive({ read: async () => ({ same: true }), now: () => 0, log: silent, everyMs: 2 });
    const viewer = makeViewer();
    live.watch(viewer.view);
    await viewer.until(3);
    expect(viewer.seen.map(({ name }) => name).slice(0, 3)).toEqual(['snapshot', 'beat', 'beat']);
    const second = makeViewer();
    live.watch(second.view);
    expect(second.seen.map(({ name }) => name)).toEqual(['snapshot']);
    await live.stop();
  });

  test('says when it fails, and goes on', async () => {
    let broken = true;
    const live = createLive({
      read: async () => {
        if (broken) throw new Error('away');
        return {};
      },
      now: () => 0,
      log: silent,
      everyMs: 2,
    });
    const viewer = makeViewer();
    live.watch(viewer.view);
    await viewer.until(2);
    expect(viewer.seen[0]).toEqual({ name: 'trouble', data: '1970-01-01T00:00:00.000Z' });
    broken = false;
    while (viewer.seen.at(-1)?.name !== 'snapshot') await viewer.until(viewer.seen.length + 1);
    await live.stop();
  });

  test('has room for so many viewers and no more', async () => {
    const live = createLive({ read: async () => ({}), now: () => 0, log: silent });
    const ends = Array.from({ length: MAX_VIEWERS }, () => live.watch(() => undefined));
    expect(ends).not.toContain(null);
    expect(live.watch(() => undefined)).toBeNull();
    ends[0]?.();
    expect(live.watch(() => undefined)).not.toBeNull();
    await live.stop();
  });
});

describe('a viewer that stalls', () => {
  const MESSAGE_BYTES = 1_000_000;

  test('is sent the latest once it reads again, and nothing is kept for it meanwhile', async () => {
    const app = fastify();
    const sockets: Socket[] = [];
    app.server.on('connection', (socket) => sockets.push(socket));
    const viewers: Viewer[] = [];
    const live = {
      watch: (viewer: Viewer) => {
        viewers.push(viewer);
        return () => undefined;
      },
      viewers: () => viewers.length,
      stop: async () => undefined,
    };
    addEventsRoute(app, { live, follow: () => () => undefined, ends: new AbortController().signal });
    const events = await readEvents(await app.listen({ host: '127.0.0.1', port: 0 }));
    events.stall();
    const text = 'x'.repeat(MESSAGE_BYTES);
    for (let i = 1; i <= 100; i += 1) {
      viewers[0]?.({ name: 'snapshot', data: `${i} ${text}` });
      // Lets the kernel take what it will.
      await new Promise(setImmediate);
    }
    viewers[0]?.({ name: 'snapshot', data: 'last' });
    expect(sockets[0]?.writableLength).toBeLessThan(3 * MESSAGE_BYTES);
    events.resume();
    while ((await events.next('snapshot')) !== 'last');
    events.close();
    await app.close();
  });
});

describe('the events', () => {
  let redis: TestRedis;
  let desk: ConsoleUnderTest;
  beforeAll(async () => {
    redis = await startTestRedis();
    desk = await startConsoleUnderTest(redis.url);
  });
  afterAll(async () => {
    await desk?.close();
    await redis?.stop();
  });

  const nextSnapshot = async (events: Awaited<ReturnType<typeof readEvents>>) =>
    JSON.parse(await events.next('snapshot')) as ConsoleSnapshot;

  test('begin with all there is and go on with what changes', async () => {
    const events = await readEvents(desk.url);
    expect((await nextSnapshot(events)).recent.data).toEqual([]);
    const id = await storeSettled({ ...desk, keyRing: desk.settings.VERIQUEUE_KEYS });
    let latest = await nextSnapshot(events);
    // It may have been looked at in the middle of being stored.
    while (latest.recent.data[0]?.delivery !== 'delivered') latest = await nextSnapshot(events);
    expect(latest.recent.data[0]?.id).toBe(id);
    events.close();
  });

  test('say when Redis does not answer, and go on when it does', async () => {
    const events = await readEvents(desk.url);
    await events.next('snapshot');
    redis.hang();
    await events.next('trouble');
    redis.wake();
    await events.next('snapshot');
    events.close();
  });

  test('end at the shutdown, which waits for no viewer', async () => {
    const own = await startConsoleUnderTest(redis.url);
    const [one, stalled] = await Promise.all([readEvents(own.url), readEvents(own.url)]);
    await one.next('snapshot');
    stalled.stall();
    const started = performance.now();
    await own.close();
    await one.ended;
    // Far below the ten seconds after which connections are cut.
    expect(performance.now() - started).toBeLessThan(8_000);
    stalled.close();
  });
});
