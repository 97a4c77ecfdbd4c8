import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pauseAccount } from '../../../shared/account/limiter/pause-account.ts';
import { consoleClient } from '../../../shared/contract/console.ts';
import { type ConsoleShares, consoleShares } from '../../../shared/contract/console-shares.ts';
import { laneOverview } from '../../../shared/contract/lane.ts';
import { changeClient } from '../../../shared/store/clients/change-client.ts';
import type { ClientCredentials } from '../../../shared/store/clients/create-client.ts';
import { type Chain, startChain } from '../../support/chain.ts';
import { makePerson, makeSubmission } from '../../support/person.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

const operatorKey = 'an-operator-key-of-the-tests';
/** Timings decide nothing here. */
const patient = { timeout: 60_000 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis?.stop());

async function withChain(workers: number, run: (chain: Chain) => Promise<void>): Promise<void> {
  const chain = await startChain({ redis, workers, environment: { OPERATOR_KEY: operatorKey } });
  try {
    await run(chain);
  } finally {
    await chain.stop();
  }
}

async function submitAs(chain: Chain, as: ClientCredentials, priority?: 'bulk'): Promise<string> {
  const body = JSON.stringify(makeSubmission(makePerson(), priority === undefined ? {} : { priority }));
  const headers = { 'content-type': 'application/json' };
  const answer = await chain.call('/v1/verifications', { as, method: 'POST', headers, body });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { id: string }).id;
}

async function ownShare(chain: Chain, as: ClientCredentials) {
  const answer = await chain.call('/v1/lane', { as });
  return laneOverview.parse(await answer.json()).client;
}

async function operator(chain: Chain, path: string): Promise<unknown> {
  const answer = await fetch(`${chain.url}/console/api${path}`, {
    headers: { authorization: `Bearer ${operatorKey}` },
  });
  expect(answer.status).toBe(200);
  return answer.json();
}

const shares = async (chain: Chain): Promise<ConsoleShares> =>
  consoleShares.parse(await operator(chain, '/shares'));

/** Samples of a gauge by client. */
async function gauges(chain: Chain, name: string): Promise<Record<string, number>> {
  const text = await (await fetch(`${chain.url}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}\\{(.*)\\} (.+)$`, 'gm'));
  return Object.fromEntries(
    [...lines].map(([, labels = '', value]) => [/client="([^"]+)"/.exec(labels)?.[1] ?? '', Number(value)]),
  );
}

describe('the share of a client', { timeout: 240_000 }, () => {
  it('is shown to itself, to operators and to the monitoring: waiting, calls, due and had', () =>
    withChain(1, async (chain) => {
      const small = chain.client;
      const large = await chain.addClient({ name: 'large', weight: 300 });
      for (const as of [small, small, small, large]) await chain.receiver.eventOf(await submitAs(chain, as));
      await pauseAccount(chain.redis, chain.accountKeys, 'a test');
      // What is claimed before the pause is seen goes back into its line.
      for (const as of [small, large, large]) await submitAs(chain, as);
      await submitAs(chain, small, 'bulk');
      await expect
        .poll(() => ownShare(chain, small), patient)
        .toMatchObject({
          ...{ weight: 100, waiting: 2, callsLastMinute: 3, shareHad: 0.75 },
          // Interactive is 90 of 100 by the default BULK_SHARE, and bulk is this client's alone.
          shareDue: expect.closeTo(0.9 / 4 + 0.1, 9),
          oldestWaitingSeconds: expect.any(Number),
        });
      await expect
        .poll(() => shares(chain), patient)
        .toMatchObject({
          data: [
            { clientId: small.clientId, waiting: 2, callsLastMinute: 3, shareHad: 0.75 },
            { clientId: large.clientId, waiting: 2, weight: 300, callsLastMinute: 1, shareHad: 0.25 },
          ],
          others: { clients: 0, waiting: 0, callsLastMinute: 0, shareDue: 0, shareHad: 0 },
        });
      const shown = consoleClient.parse(await operator(chain, `/clients/${large.clientId}`));
      expect(shown.share).toMatchObject({ interactive: 2, bulk: 0, callsLastMinute: 1, had: 0.25 });
      expect(shown.share.due).toBeCloseTo((0.9 * 3) / 4, 9);
      const [a, b] = [small.clientId, large.clientId];
      expect(await gauges(chain, 'veriqueue_client_waiting')).toEqual({ [a]: 2, [b]: 2, other: 0 });
      expect(await gauges(chain, 'veriqueue_client_weight')).toEqual({ [a]: 100, [b]: 300, other: 0 });
      expect(await gauges(chain, 'veriqueue_client_calls_last_minute')).toEqual({ [a]: 3, [b]: 1, other: 0 });
      expect(await gauges(chain, 'veriqueue_client_share_had')).toEqual({ [a]: 0.75, [b]: 0.25, other: 0 });
      expect((await gauges(chain, 'veriqueue_client_share_due'))[b]).toBeCloseTo(0.675, 9);
      expect(Object.keys(await gauges(chain, 'veriqueue_client_oldest_waiting_seconds')).sort()).toEqual(
        [a, b].sort(),
      );
    }));

  it('counts the calls of retries', () =>
    withChain(1, async (chain) => {
      chain.sandbox.script('*', [{ code: 'InternalError' }, { code: 'Success' }]);
      await chain.receiver.eventOf((await chain.submit()).id);
      await expect
        .poll(() => ownShare(chain, chain.client), patient)
        .toMatchObject({
          callsLastMinute: 2,
          waiting: 0,
          shareDue: 1,
          shareHad: 1,
          oldestWaitingSeconds: null,
        });
    }));

  it('is none while the client neither waits nor had calls', () =>
    withChain(0, async (chain) => {
      expect(await ownShare(chain, chain.client)).toEqual({
        weight: 100,
        waiting: 0,
        callsLastMinute: 0,
        shareDue: null,
        shareHad: null,
        oldestWaitingSeconds: null,
      });
      expect(await shares(chain)).toMatchObject({ data: [], others: { clients: 0, shareHad: null } });
      expect(await gauges(chain, 'veriqueue_client_share_had')).toEqual({});
    }));

  it('is by the default weight where the record has none or one without sense, whether it waits or had calls', () =>
    withChain(1, async (chain) => {
      const old = await chain.addClient();
      await chain.receiver.eventOf(await submitAs(chain, old));
      await chain.redis.hdel(chain.keys.client(old.clientId), 'weight');
      await expect
        .poll(() => shares(chain), patient)
        .toMatchObject({ data: [{ clientId: old.clientId, weight: 100, callsLastMinute: 1 }] });
      await chain.redis.hset(chain.keys.client(old.clientId), 'weight', 'heavy');
      await pauseAccount(chain.redis, chain.accountKeys, 'a test');
      await submitAs(chain, old);
      await expect
        .poll(() => shares(chain), patient)
        .toMatchObject({ data: [{ clientId: old.clientId, weight: 100, waiting: 1, shareDue: 1 }] });
    }));

  it('follows a weight that is changed while a thousand wait', () =>
    withChain(0, async (chain) => {
      const other = await chain.addClient();
      await submitAs(chain, other);
      for (let i = 0; i < 20; i += 1)
        await Promise.all(Array.from({ length: 50 }, () => submitAs(chain, chain.client)));
      await expect
        .poll(() => ownShare(chain, chain.client), patient)
        .toMatchObject({
          waiting: 1_000,
          shareDue: 0.5,
        });
      await changeClient(chain.redis, chain.keys, chain.client.clientId, { weight: 300 });
      // Who a key belongs to is remembered for two seconds, its weight included.
      await expect
        .poll(() => ownShare(chain, chain.client), patient)
        .toMatchObject({
          weight: 300,
          waiting: 1_000,
          shareDue: 0.75,
        });
      await expect.poll(async () => (await ownShare(chain, other))?.shareDue, patient).toBe(0.25);
    }));

  it('goes with the client, and its calls count among those of the others until the minute is over', () =>
    withChain(1, async (chain) => {
      const gone = await chain.addClient();
      await chain.receiver.eventOf(await submitAs(chain, gone));
      await chain.receiver.eventOf(await submitAs(chain, chain.client));
      await changeClient(chain.redis, chain.keys, gone.clientId, { disabled: true });
      const deletion = await fetch(`${chain.url}/console/api/clients/${gone.clientId}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${operatorKey}` },
      });
      expect(await deletion.json()).toMatchObject({ status: 'deleted' });
      await expect
        .poll(() => shares(chain), patient)
        .toMatchObject({
          data: [{ clientId: chain.client.clientId, callsLastMinute: 1, shareDue: 1, shareHad: 0.5 }],
          others: { clients: 0, callsLastMinute: 1, shareDue: 0, shareHad: 0.5 },
        });
      expect(Object.keys(await gauges(chain, 'veriqueue_client_waiting'))).not.toContain(gone.clientId);
    }));

  it('is shown as far as it can be read where keys of the shares are lost or damaged', () =>
    withChain(0, async (chain) => {
      const { redis: store, keys, client } = chain;
      const damaged = await chain.addClient();
      await submitAs(chain, damaged);
      await submitAs(chain, client);
      await expect.poll(async () => (await shares(chain)).data, patient).toHaveLength(2);
      await store.set(keys.shareLine(2, damaged.clientId), 'not a line');
      await store.del(keys.client(damaged.clientId));
      for (let span = 0; span < 14; span += 1)
        await store.set(keys.callsMade(Math.floor(Date.now() / 5_000) - span + 1), 'no counters');
      await store.hset(keys.shareWeights(2), { [client.clientId]: 'heavy' });
      await expect
        .poll(() => shares(chain), patient)
        .toMatchObject({
          data: [
            { clientId: client.clientId, weight: 100, waiting: 1, callsLastMinute: 0, shareHad: null },
            { clientId: damaged.clientId, weight: 100, waiting: 0, oldestWaitingSeconds: null },
          ],
        });
      await store.set(keys.shareWeights(2), 'no weights');
      await expect.poll(() => shares(chain), patient).toMatchObject({ data: [], others: { clients: 0 } });
      expect(await ownShare(chain, client)).toMatchObject({ waiting: 1, shareDue: null });
      expect(Object.keys(await gauges(chain, 'veriqueue_client_waiting'))).toEqual(['other']);
      const path = `/clients/${client.clientId}/promises-at-risk?weight=300`;
      expect(await operator(chain, path)).toMatchObject({ verifications: 0 });
    }));

  it('is a series of its own for the twenty clients that have most waiting, and one for all others', () =>
    withChain(0, async (chain) => {
      const many = await Promise.all(Array.from({ length: 24 }, () => chain.addClient()));
      for (const as of [...many, ...many.slice(0, 3)]) await submitAs(chain, as);
      const waiting = async () => gauges(chain, 'veriqueue_client_waiting');
      await expect.poll(async () => (await waiting())['other'], patient).toBe(4);
      const shown = await waiting();
      expect(Object.keys(shown)).toHaveLength(21);
      expect(many.slice(0, 3).map(({ clientId }) => shown[clientId])).toEqual([2, 2, 2]);
      const due = Object.values(await gauges(chain, 'veriqueue_client_share_due'));
      expect(due.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
      expect(Object.keys(await gauges(chain, 'veriqueue_client_oldest_waiting_seconds'))).toHaveLength(20);
    }));
});
