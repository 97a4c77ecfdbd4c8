import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { runCli, runJson } from './run-cli.ts';
import { submitAs } from './submit-as.ts';

let chain: Chain;
beforeAll(async () => {
  // One delivery at a time: the order of arrival is the order of release.
  chain = await startChain({ environment: { DELIVERY_CONCURRENCY: '1', DELIVERY_SCHEDULE: '0s,1h' } });
});
afterAll(() => chain.stop());
afterEach(() => chain.receiver.answerWith(() => 204));

const cli = <T>(...args: string[]) => runJson<T>(args, chain.environment);
const delivered = (id: string, nth = 1) => lineOf(id, 'delivered', nth);
const lineOf = (id: string, step: string, nth = 1) =>
  chain.log.line((line) => line.event === 'delivery' && line.verification === id && line['step'] === step, {
    nth,
  });

/** The second attempt is the last one; its hour passes at once. */
async function makeDeadLetter(): Promise<string> {
  chain.receiver.answerWith(() => 500);
  const { id } = await chain.submit();
  await lineOf(id, 'retry');
  await expect.poll(() => promoted(id)).toBe(true);
  await lineOf(id, 'dead');
  return id;
}

/** The log reports a retry a moment before its job is delayed. */
async function promoted(id: string): Promise<boolean> {
  const job = await chain.queues.deliveries.getJob(id);
  return (
    (await job?.promote().then(
      () => true,
      () => false,
    )) ?? false
  );
}

describe('veriqueue deliveries', () => {
  it('lists a dead letter and delivers it by one command, with the same webhook-id', async () => {
    const id = await makeDeadLetter();
    const dead = await cli<{ id: string }[]>('deliveries', 'list', '--status', 'dead');
    expect(dead.map((row) => row.id)).toEqual([id]);

    chain.receiver.answerWith(() => 204);
    expect(await cli('deliveries', 'redeliver', '--dead')).toMatchObject({ found: 1, redelivered: 1 });
    await delivered(id);
    const ids = chain.receiver.deliveries.filter(({ event }) => event.data.id === id);
    expect(new Set(ids.map(({ webhookId }) => webhookId)).size).toBe(1);
    const bodies = new Set(ids.map(({ body }) => body));
    expect(bodies.size).toBe(1);
    const shown = await cli<{ status: string; log: unknown[] }>('deliveries', 'show', id);
    expect(shown).toMatchObject({ status: 'delivered', attempts: 1 });
    expect(shown.log).toHaveLength(3);
    expect(await cli('deliveries', 'redeliver', '--dead')).toMatchObject({ found: 0 });
  });

  it('redelivers a period and counts what it did and left alone', async () => {
    const since = new Date().toISOString();
    const first = await chain.submit();
    const second = await chain.submit();
    await Promise.all([delivered(first.id), delivered(second.id)]);
    chain.receiver.answerWith(() => 500);
    const third = await chain.submit();
    await lineOf(third.id, 'retry');
    chain.receiver.answerWith(() => 204);

    const counts = await cli('deliveries', 'redeliver', '--since', since);
    expect(counts).toEqual({
      found: 3,
      redelivered: 2,
      notDue: 1,
      unanswered: 0,
      missing: 0,
      unreadable: 0,
      interruptedAt: null,
    });
    await Promise.all([delivered(first.id, 2), delivered(second.id, 2)]);
    const refused = await runCli(['deliveries', 'redeliver', third.id], chain.environment);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(`error: The event of ${third.id} is already under way (retrying)\n`);
  });
});

describe('veriqueue endpoints', () => {
  it('enables a held endpoint, and its events arrive in the order in which they began to wait', async () => {
    const endpoint = `${chain.client.clientId} ${new URL(chain.receiver.url).origin}`;
    const held = { status: 'held', reason: 'gone', failingSince: 1, heldAt: 2 };
    await chain.redis.set(chain.keys.endpointHealth(endpoint), JSON.stringify(held));
    // A worker may remember for a second that it was healthy.
    await expect
      .poll(async () => {
        const { id } = await chain.submit();
        await chain.log.line((line) => line.verification === id && /delivery/.test(line.event ?? ''));
        return chain.redis.zcard(chain.keys.deferredDeliveries(endpoint));
      })
      .toBeGreaterThan(2);
    const waiting = await chain.redis.zrange(chain.keys.deferredDeliveries(endpoint), '0', '-1');
    const listed = await cli<{ origin: string; waiting: number }[]>('endpoints', 'list');
    expect(listed).toContainEqual(
      expect.objectContaining({
        origin: new URL(chain.receiver.url).origin,
        health: held,
        waiting: waiting.length,
      }),
    );

    const before = chain.receiver.deliveries.length;
    expect(await cli('endpoints', 'enable', ...endpoint.split(' '))).toEqual({
      endpoint,
      released: 3,
      left: 0,
    });
    await Promise.all(waiting.map((id) => chain.receiver.eventOf(id)));
    const arrived = chain.receiver.deliveries.slice(before).map(({ event }) => event.data.id);
    expect(arrived).toEqual(waiting);
    expect(await chain.redis.smembers(chain.keys.deferringEndpoints())).toEqual([]);
  });

  it('sends what waited for a callback URL as soon as the client gets one', async () => {
    const client = await chain.addClient();
    await chain.redis.hdel(chain.keys.client(client.clientId), 'callbackUrl');
    const { id } = await submitAs(chain, client);
    await chain.log.line((line) => line.event === 'delivery_held' && line.verification === id);
    const shown = await cli<{ releasedEvents: number }>(
      'client',
      'set',
      client.clientId,
      '--callback-url',
      chain.receiver.url,
    );
    expect(shown.releasedEvents).toBe(1);
    expect((await chain.receiver.eventOf(id)).data.id).toBe(id);
  });
});
