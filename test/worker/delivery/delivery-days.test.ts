import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { readDeliveryLog } from '../../../shared/store/verifications/read-delivery-log.ts';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import { runJson } from '../../cli/run-cli.ts';
import { type Chain, startChain } from '../../support/chain.ts';
import { mustRead } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { makeVirtualDelivery } from './virtual-delivery.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const answered = (status: number): DeliveryResult => ({
  result: 'refused',
  status,
  retryAfterMs: null,
  durationMs: 5,
  answer: 'no',
});
const accepted: DeliveryResult = { result: 'accepted', status: 204, durationMs: 5, answer: '' };
const noAnswer: DeliveryResult = { result: 'unreachable', errorClass: 'timeout', durationMs: 15_000 };

let server: TestRedis | undefined;
let chain: Chain | undefined;

/** A lane of its own, nothing of which is worked on yet. */
beforeEach(async () => {
  server ??= await startTestRedis();
  await chain?.stop();
  // One delivery at a time: the order of arrival is the order of release.
  chain = await startChain({ redis: server, workers: 0, environment: { DELIVERY_CONCURRENCY: '1' } });
});
afterAll(async () => {
  await chain?.stop();
  await server?.stop();
});

/** Ten days are enough for everything below, and they have passed. */
function begin(answer: Parameters<typeof makeVirtualDelivery>[2]) {
  if (chain === undefined) throw new Error('Cannot test: the chain must have been started');
  const virtual = makeVirtualDelivery(chain, Date.now() - 10 * dayMs, answer);
  const { redis, keys, receiver, environment, client, log } = chain;
  const cli = <T>(...args: string[]) => runJson<T>(args, environment);
  const delivery = async (id: string) => (await mustRead(redis, keys, id)).delivery;
  const endpoint = `${client.clientId} ${new URL(receiver.url).origin}`;
  const holds = () => log.lines.filter((line) => line.event === 'endpoint_held').length;
  const waiting = () => redis.zrange(keys.deferredDeliveries(endpoint), '0', '-1');
  return { ...virtual, chain, redis, keys, receiver, cli, delivery, endpoint, holds, waiting };
}

/** The events that arrived at the real receiver, in order. */
const arrivals = (deliveries: Chain['receiver']['deliveries']) =>
  deliveries.map(({ event }) => event.data.id);

describe('a receiver that is down for the whole schedule', () => {
  test('gets ten attempts, then the event is a dead letter, which one command delivers under the same id', async () => {
    const { run, finishedAt, posts, delivery, chain, redis, keys, receiver, cli } = begin(() => noAnswer);
    const id = await finishedAt(0);
    await run();
    expect(posts.map(({ at }) => at / secondMs)).toEqual([
      0, 5, 305, 2_105, 9_305, 27_305, 63_305, 113_705, 185_705, 272_105,
    ]);
    expect(await delivery(id)).toEqual({ status: 'dead', attempts: 10, nextAttemptAt: null });
    expect(await redis.zrange(keys.deadLetters(), '0', '-1')).toEqual([id]);
    expect(await redis.zscore(keys.retention(), id)).toBeNull();
    const attempts = await readDeliveryLog(redis, keys, id);
    expect(attempts).toHaveLength(10);
    expect(new Set(attempts.map(({ errorClass }) => errorClass))).toEqual(new Set(['timeout']));

    expect(await cli('deliveries', 'redeliver', '--dead')).toMatchObject({ found: 1, redelivered: 1 });
    await chain.addWorker();
    await receiver.eventOf(id);
    const [delivered] = receiver.deliveries;
    expect(new Set(posts.map(({ webhookId, body }) => `${webhookId} ${body}`))).toEqual(
      new Set([`${delivered?.webhookId} ${delivered?.body}`]),
    );
    await expect.poll(() => delivery(id)).toEqual({ status: 'delivered', attempts: 1, nextAttemptAt: null });
    expect(await redis.zcard(keys.deadLetters())).toBe(0);
  });

  test('shows the event as under way at each attempt, and when it is due next in between', async () => {
    const seen: unknown[] = [];
    const { run, finishedAt, delivery } = begin(async (_, id) => {
      seen.push(await delivery(id));
      return noAnswer;
    });
    const id = await finishedAt(0);
    await run(0);
    expect(await delivery(id)).toMatchObject({ status: 'retrying', attempts: 1 });
    expect((await delivery(id)).nextAttemptAt).not.toBeNull();
    await run(5 * secondMs);
    expect(seen).toEqual([
      { status: 'delivering', attempts: 0, nextAttemptAt: null },
      { status: 'delivering', attempts: 1, nextAttemptAt: null },
    ]);
  });

  test('uses up no attempt of an event that its breaker parks', async () => {
    const { run, finishedAt, posts, delivery } = begin(() => noAnswer);
    const first: string[] = [];
    for (let i = 0; i < 5; i += 1) first.push(await finishedAt(0));
    await run(0);
    expect(posts).toHaveLength(5);
    const parked = await finishedAt(0);
    await run(0);
    expect(posts).toHaveLength(5);
    expect(await delivery(parked)).toMatchObject({ status: 'pending', attempts: 0 });
    expect((await delivery(parked)).nextAttemptAt).not.toBeNull();
    for (const id of first) expect((await delivery(id)).attempts).toBe(1);
  });
});

describe('an endpoint that is gone', () => {
  test('is held at the second 410 that comes five minutes after the first; its events wait and are released in order', async () => {
    const { run, finishedAt, posts, delivery, chain, redis, keys, receiver, cli, endpoint, holds, waiting } =
      begin(() => answered(410));
    const early = await finishedAt(0);
    await run(5 * secondMs);
    expect(await delivery(early)).toMatchObject({ status: 'retrying', attempts: 2 });
    expect(holds()).toBe(0);
    await run(305 * secondMs);
    expect(await delivery(early)).toMatchObject({ status: 'held', attempts: 3 });
    expect(holds()).toBe(1);

    const later = [await finishedAt(hourMs), await finishedAt(2 * hourMs), await finishedAt(3 * hourMs)];
    await run();
    expect(posts).toHaveLength(3);
    for (const id of later) expect(await delivery(id)).toMatchObject({ status: 'held', attempts: 0 });
    expect(await waiting()).toEqual([early, ...later]);
    expect(holds()).toBe(1);

    expect(await cli('endpoints', 'enable', ...endpoint.split(' '))).toMatchObject({ released: 4, left: 0 });
    await chain.addWorker();
    await receiver.accept(4);
    expect(arrivals(receiver.deliveries)).toEqual([early, ...later]);
    expect(await redis.get(keys.endpointHealth(endpoint))).toBeNull();
  });

  test.each([
    ['it took the event', accepted],
    ['it refused it otherwise', answered(500)],
  ])('is not held when %s in between', async (_, between) => {
    const second = 6 * minuteMs;
    const { finishedAt, run, posts, holds, redis, keys, endpoint, deps } = begin((at) =>
      at === 0 || at === second ? answered(410) : between,
    );
    await finishedAt(0);
    await finishedAt(second);
    await run(second);
    expect(posts.map(({ at }) => at)).toEqual(expect.arrayContaining([0, 5 * secondMs, second]));
    expect(holds()).toBe(0);
    expect(JSON.parse((await redis.get(keys.endpointHealth(endpoint))) ?? '')).toMatchObject({
      status: 'failing',
      goneSince: deps.now(),
    });
  });
});

describe('an endpoint that fails for five days', () => {
  test('is held; what died before stays dead, what comes after waits, and enabling it delivers in order', async () => {
    const { run, finishedAt, posts, delivery, chain, receiver, cli, endpoint, holds, waiting } = begin(() =>
      answered(503),
    );
    const ids: string[] = [];
    for (let day = 0; day <= 6; day += 1) {
      ids.push(await finishedAt(day * dayMs));
      await run(day * dayMs);
    }
    await run();
    const states = await Promise.all(ids.map(delivery));
    expect(states.map(({ status }) => status)).toEqual([
      'dead',
      'dead',
      'held',
      'held',
      'held',
      'held',
      'held',
    ]);
    // Held by the first attempt that ended five days or more after the first failure, and not one more.
    expect(posts.filter(({ at }) => at >= 5 * dayMs)).toHaveLength(1);
    expect(states.at(-1)).toEqual({ status: 'held', attempts: 0, nextAttemptAt: null });
    expect(holds()).toBe(1);
    const order = await waiting();
    expect(new Set(order)).toEqual(new Set(ids.slice(2)));

    expect(await cli('endpoints', 'enable', ...endpoint.split(' '))).toMatchObject({ released: 5, left: 0 });
    await chain.addWorker();
    await receiver.accept(5);
    expect(arrivals(receiver.deliveries)).toEqual(order);
  });

  test('is not held when it took a single event in that time', async () => {
    const { run, finishedAt, holds, redis, keys, endpoint } = begin((at) =>
      at === 3 * dayMs ? accepted : answered(503),
    );
    for (const day of [0, 3, 4]) {
      await finishedAt(day * dayMs);
      await run(day * dayMs);
    }
    await run(6 * dayMs);
    expect(holds()).toBe(0);
    expect(JSON.parse((await redis.get(keys.endpointHealth(endpoint))) ?? '')).toMatchObject({
      status: 'failing',
    });
  });
});
