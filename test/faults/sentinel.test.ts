import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRedis } from '../../shared/store/open-redis.ts';
import { runCli } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { expectNothingLost } from '../support/nothing-lost.ts';
import { type Sentinels, startSentinels } from '../support/sentinels.ts';
import { startSteadyLoad } from '../support/steady-load.ts';

const silent = { info: () => undefined, warn: () => undefined };

describe.each([
  ['in clear', false],
  ['over TLS', true],
])('a primary behind three sentinels, %s', (_, tls) => {
  let sentinels: Sentinels;
  let chain: Chain;
  beforeAll(async () => {
    sentinels = await startSentinels({ tls });
    chain = await startChain({
      elsewhere: {
        url: sentinels.url,
        environment: sentinels.environment,
        connect: () => openRedis({ ...sentinels.target, log: silent }, 'unbatched'),
      },
    });
  });
  afterAll(async () => {
    await chain?.stop();
    await sentinels?.stop();
  });

  test('is found by producer, worker and command line', async () => {
    const { id } = await chain.submit();
    expect(await chain.receiver.eventOf(id, 60_000)).toMatchObject({ type: 'verification.completed' });
    const { code, stdout, stderr } = await runCli(['client', 'list', '--json'], {
      REDIS_URL: sentinels.url,
      ...sentinels.environment,
      LANE: chain.keys.lane,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject([{ id: chain.client.clientId }]);
  });

  test('is killed: the promoted one takes over, nothing is lost, and each process has one line about it', async () => {
    const lost = () => chain.log.lines.filter(({ event }) => event === 'redis_lost').length;
    const unreachable = () => chain.log.lines.filter(({ event }) => event === 'redis_unreachable').length;
    const back = () => chain.log.lines.filter(({ event }) => event === 'redis_back').length;
    expect(lost()).toBe(0);
    const load = startSteadyLoad(chain);
    await load.untilAccepted();
    const { promoted } = await sentinels.killPrimary();
    await promoted;
    await load.untilAccepted();
    await load.untilAccepted();
    await load.stop();
    await expectNothingLost(chain, load.accepted);
    await chain.log.line(({ event }) => event === 'redis_back', { nth: 2, withinMs: 60_000 });
    // Producer and worker share a log here, and have eight connections together. A sentinel that hears late of the promotion
    // cuts them once more.
    expect(lost()).toBe(2);
    expect(back()).toBe(2);
    expect(unreachable()).toBe(0);
  });
});

test('a connection of sentinels that do not answer is closed in order, and says once what is wrong', async () => {
  const lines: object[] = [];
  const note = (fields: object) => void lines.push(fields);
  const client = openRedis(
    { url: 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/vq', log: { info: note, warn: note } },
    'batched',
  );
  let tries = 0;
  await new Promise<void>((resolve) => {
    client.on('error', () => {
      tries += 1;
      if (tries === 4) resolve();
    });
  });
  const ended = new Promise((resolve) => client.once('end', resolve));
  client.disconnect();
  await ended;
  expect(lines).toMatchObject([
    { event: 'redis_unreachable', redis: 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/vq' },
  ]);
});
