import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRedis } from '../../shared/store/open-redis.ts';
import { closeRedis } from '../../shared/store/redis/close-redis.ts';
import { readFitness } from '../../shared/store/redis/fitness.ts';
import { waitUntilReady } from '../../shared/store/redis/wait-until-ready.ts';
import { runCli } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { expectNothingLost } from '../support/nothing-lost.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

const silent = { info: () => undefined, warn: () => undefined };

let cluster: RedisCluster;
let chain: Chain;
beforeAll(async () => {
  cluster = await startRedisCluster();
  chain = await startChain({
    elsewhere: {
      url: cluster.url,
      connect: () => openRedis({ url: cluster.url, log: silent }, 'unbatched'),
    },
  });
});
afterAll(async () => {
  await chain?.stop();
  await cluster?.stop();
});

const home = () => chain.keys.writeProbe();

test('a cluster serves producer, worker and command line', async () => {
  const { id } = await chain.submit();
  expect(await chain.receiver.eventOf(id, 60_000)).toMatchObject({ type: 'verification.completed' });
  expect((await chain.call('/readyz')).status).toBe(200);
  for (const args of [
    ['client', 'list', '--json'],
    ['lane', 'show', '--json'],
  ]) {
    const { code, stderr } = await runCli(args, { REDIS_URL: cluster.url, LANE: chain.keys.lane });
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  }
});

test('a node of it that is named as a server is refused, with what to do', async () => {
  const url = `redis://:${cluster.password}@127.0.0.1:${await cluster.primaryOf(home())}`;
  const { code, stderr } = await runCli(['client', 'list'], { REDIS_URL: url, LANE: chain.keys.lane });
  expect(code).toBe(1);
  expect(stderr).toMatch(/it is a node of a cluster: REDIS_URL must begin with redis\+cluster:\/\//);
});

test('each of its primaries is judged', async () => {
  const client = openRedis({ url: cluster.url, log: silent }, 'tool');
  await waitUntilReady(client, 30_000);
  const admin = cluster.connect();
  const [first] = admin.nodes('master');
  await admin.ping();
  const node = first ?? admin.nodes('master')[0];
  try {
    expect((await readFitness(client)).kind).toBe('fit');
    await node?.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await readFitness(client)).toMatchObject({
      kind: 'unfit',
      reasons: [expect.stringMatching(/^node 127\.0\.0\.1:\d+: maxmemory-policy must be noeviction/)],
    });
  } finally {
    await node?.config('SET', 'maxmemory-policy', 'noeviction');
    admin.disconnect();
    await closeRedis(client);
  }
});

test('the primary of the lane is killed: its replica takes over, nothing is lost and nothing asked twice unmarked', async () => {
  const events = (event: string) => chain.log.lines.filter((line) => line.event === event).length;
  const load = startSteadyLoad(chain);
  await load.untilAccepted();
  const { promoted, killed } = await cluster.killPrimaryOf(home());
  await promoted;
  await load.untilAccepted();
  await load.untilAccepted();
  await load.stop();
  await expectNothingLost(chain, load.accepted);
  expect((await chain.call('/readyz')).status).toBe(200);
  await chain.log.line(({ event }) => event === 'redis_back', { nth: 2, withinMs: 60_000 });
  // Producer and worker share a log here.
  expect(events('redis_lost')).toBe(2);
  await killed.start();
});

test('its slot is moved under load: nothing is lost', async () => {
  const load = startSteadyLoad(chain);
  await load.untilAccepted();
  expect(await cluster.moveSlotOf(home())).toBeGreaterThan(0);
  await load.untilAccepted();
  await load.untilAccepted();
  await load.stop();
  await expectNothingLost(chain, load.accepted);
});

test('all nodes stop and come back: nothing is lost', async () => {
  const load = startSteadyLoad(chain);
  await load.untilAccepted();
  await Promise.all(cluster.nodes.map((node) => node.kill()));
  const refused = await chain.call('/readyz');
  expect(refused.status).toBe(503);
  await Promise.all(cluster.nodes.map((node) => node.start()));
  await load.untilAccepted();
  await load.untilAccepted();
  await load.stop();
  await expectNothingLost(chain, load.accepted);
});

test('a client can be closed while the cluster is away', async () => {
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  const client: Redis = openRedis(
    { url: 'redis+cluster://127.0.0.1:1,127.0.0.1:2', log: { info: note, warn: note } },
    'batched',
  );
  let tries = 0;
  await new Promise<void>((resolve) => {
    client.on('reconnecting', () => {
      tries += 1;
      if (tries === 4) resolve();
    });
  });
  const waiting = client.get('key').catch((error: Error) => error.message);
  await closeRedis(client);
  expect(client.status).toBe('end');
  expect(await waiting).toMatch(/None of startup nodes|closed/);
  expect(lines).toHaveLength(1);
});
