import { afterEach, describe, expect, it } from 'vitest';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { runJson } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import {
  GOES_ON,
  type LoadOptions,
  loadDataSet,
  type RecordedVerification,
  readDataSet,
} from './data-set.ts';

const data = readDataSet('data-0.1.jsonl');
const recorded = (name: string): RecordedVerification => {
  const found = data.verifications.find((each) => each.name === name);
  if (!found) throw new Error(`Cannot find ${name} in the data set`);
  return found;
};

/** Delivered before the data was recorded: their events must not come again. */
const delivered = data.verifications.filter((each) => each.delivery === 'delivered');
/** Every wait but that for the next day is over. */
const DOWN_FOR_MS = 15 * 60_000;

let chain: Chain;
/** At the origin that was taken away from one client. */
let otherReceiver: WebhookReceiver;
afterEach(async () => {
  await chain.stop();
  await otherReceiver.close();
});

/** Starts a producer on the data as version 0.1 left it, and no worker. */
async function startOn(options: Omit<LoadOptions, 'addresses'>): Promise<void> {
  otherReceiver = await startWebhookReceiver();
  const otherAddress = new URL(otherReceiver.url).host;
  chain = await startChain({
    workers: 0,
    environment: { ...data.environment, SLOW_PROBE_INTERVAL: '250ms', PERSON_PER_DAY: '3' },
    seed: (redis, addresses) =>
      loadDataSet(redis, data, { ...options, addresses: { ...addresses, otherReceiver: otherAddress } }),
  });
  for (const receiver of [chain.receiver, otherReceiver]) receiver.acceptEarlier();
  for (const { webhookSecret } of Object.values(data.clients)) {
    chain.receiver.trust(webhookSecret);
    otherReceiver.trust(webhookSecret);
  }
}

const as = (client: string) => {
  const credentials = data.clients[client];
  if (!credentials) throw new Error(`Cannot act as ${client}: it is no client of the data set`);
  return credentials;
};

const call = async <T>(client: string, path: string, init: RequestInit = {}): Promise<T> => {
  const answer = await chain.call(path, { ...init, as: as(client) });
  expect(answer.ok, `${init.method ?? 'GET'} ${path}: ${answer.status}`).toBe(true);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
};

const show = ({ client, id }: RecordedVerification) => call<Verification>(client, `/v1/verifications/${id}`);

async function listOf(client: string, query = ''): Promise<string[]> {
  const { data: page } = await call<{ data: Verification[] }>(client, `/v1/verifications?limit=100${query}`);
  return page.map(({ id }) => id).sort();
}

/** How often the event of a verification came since the data was loaded. */
const deliveriesOf = (name: string) =>
  chain.receiver.deliveries.filter(({ event }) => event.data.id === recorded(name).id).length;

describe('the data of version 0.1', () => {
  it('is shown as it was, before any worker has started', async () => {
    await startOn({});
    for (const each of data.verifications) {
      const answer = await chain.call(`/v1/verifications/${each.id}`, { as: as(each.client) });
      if (each.status === null) expect(answer.status, each.name).toBe(404);
      else
        expect(await answer.json(), each.name).toMatchObject({
          id: each.id,
          reference: each.name,
          status: each.status,
          delivery: { status: each.delivery },
        });
    }
    for (const client of Object.keys(data.clients)) {
      const known = data.verifications.filter((each) => each.client === client && each.status !== null);
      expect(await listOf(client), client).toEqual(known.map(({ id }) => id).sort());
      const completed = known.filter(({ status }) => status === 'completed');
      expect(await listOf(client, '&status=completed'), client).toEqual(completed.map(({ id }) => id).sort());
    }
    expect(await call<LaneOverview>('shop', '/v1/lane')).toMatchObject({
      status: 'slow',
      quota: { perSecond: 20 },
    });
    const session = await fetch(`${chain.url}/console/api/session`, {
      headers: { cookie: data.sessionCookie },
    });
    expect(await session.json()).toEqual({
      signedIn: true,
      operator: { name: 'environment', readOnly: false },
    });
  });

  it('replays the submissions whose Idempotency-Key it knows, and knows no erased one', async () => {
    await startOn({});
    const keyed = data.verifications.filter(({ idempotencyKey }) => idempotencyKey !== null);
    for (const { client, id, body, idempotencyKey, status } of keyed) {
      const answer = await chain.call('/v1/verifications', {
        method: 'POST',
        as: as(client),
        headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey ?? '' },
        body: JSON.stringify({ ...body, imageBase64: data.imageBase64 }),
      });
      expect(answer.status).toBe(202);
      const { id: again } = (await answer.json()) as Verification;
      expect(again === id, id).toBe(status !== null);
      expect(answer.headers.get('idempotent-replayed')).toBe(status === null ? null : 'true');
    }
  });

  it('is finished: everything is answered, and every event comes once', async () => {
    await startOn({ downForMs: DOWN_FOR_MS });
    const before = await usageOf('shop');
    await chain.addWorker();
    for (const name of GOES_ON) await chain.receiver.eventOf(recorded(name).id, 60_000);

    for (const name of ['killed-1', 'killed-2', 'killed-3']) {
      const { outcome, attempts } = await show(recorded(name));
      expect(outcome, name).toMatchObject({ verdict: 'match', possiblyBilledAgain: true });
      expect(attempts[0]?.code, name).toBe('Veriqueue.WorkerCrashed');
    }
    const { attempts } = await show(recorded('retrying'));
    expect(attempts.map(({ code }) => code)).toEqual(['FailedOperation.CompareSystemError', 'Success']);
    for (const name of GOES_ON) expect(deliveriesOf(name), name).toBe(1);
    for (const { name } of delivered) expect(deliveriesOf(name), name).toBe(0);
    expect(deliveriesOf('cancelled')).toBe(0);
    expect(chain.receiver.rejections).toEqual([]);
    expect(await usageOf('shop')).toBeGreaterThan(before);
    expect(
      chain.log.lines.filter(({ event = '' }) => /unreadable|job_set_aside|job_error/.test(event)),
    ).toEqual([]);
  });

  it('has its waiting events sent by those who can release them', async () => {
    await startOn({ downForMs: DOWN_FOR_MS });
    await chain.addWorker();
    const origin = new URL(chain.receiver.url).origin;
    const cli = (...args: string[]) => runJson(args, chain.environment);
    await cli('endpoints', 'enable', as('bank').clientId, origin);
    await cli('client', 'set', as('kiosk').clientId, '--callback-url', chain.receiver.url);
    await cli('client', 'set', as('fleet').clientId, '--origin', new URL(otherReceiver.url).origin);
    const dead = recorded('delivery-dead');
    await call(dead.client, `/v1/verifications/${dead.id}/redeliver`, { method: 'POST' });
    for (const name of ['delivery-held', 'queued-bulk-1', 'without-callback', 'delivery-dead']) {
      await chain.receiver.eventOf(recorded(name).id, 60_000);
      expect(deliveriesOf(name), name).toBe(1);
    }
    await otherReceiver.eventOf(recorded('origin-withdrawn').id, 60_000);
    expect(otherReceiver.deliveries).toHaveLength(1);
  });

  it('keeps the limit of a person who was asked about too often', async () => {
    await startOn({ downForMs: DOWN_FOR_MS });
    const tomorrow = recorded('deferred-day');
    await chain.addWorker();
    await chain.receiver.eventOf(recorded('queued-1').id, 60_000);
    expect(deliveriesOf('deferred-day')).toBe(0);
    await chain.skipWait(tomorrow.id);
    const { data: answered } = await chain.receiver.eventOf(tomorrow.id, 60_000);
    expect(answered.outcome?.verdict).toBe('match');
  });

  it('can be erased without a trace, whatever state it was in', async () => {
    await startOn({ downForMs: DOWN_FOR_MS });
    const worker = await chain.addWorker();
    for (const name of GOES_ON) await chain.receiver.eventOf(recorded(name).id, 60_000);
    await worker.stop();
    for (const { client, id, status } of data.verifications) {
      if (status !== null) await call(client, `/v1/verifications/${id}?erase=true`, { method: 'DELETE' });
    }
    for (const client of Object.keys(data.clients)) expect(await listOf(client), client).toEqual([]);
    const left = await chain.redis.keys('*');
    for (const { id, name } of data.verifications) {
      expect(
        left.filter((key) => key.includes(id) && !key.includes(':erasure:')),
        name,
      ).toEqual([]);
    }
  });

  it('is asked about again once a probe has ended the suspension that was recorded', async () => {
    await startOn({ limiter: 'suspended' });
    expect(await chain.lane()).toMatchObject({ status: 'held', reason: 'UnauthorizedOperation.Arrears' });
    await chain.addWorker();
    await chain.receiver.eventOf(recorded('queued-1').id, 90_000);
    // The producer shows what it read of the lane a moment ago.
    await expect.poll(() => chain.lane()).toMatchObject({ status: 'running' });
  });

  it('stays paused until an operator resumes', async () => {
    await startOn({ limiter: 'paused' });
    await chain.addWorker();
    expect(await chain.lane()).toMatchObject({ status: 'paused', reason: 'contract under review' });
    expect(await runJson(['lane', 'resume', '--yes'], chain.environment)).toMatchObject({
      status: 'resumed',
    });
    await chain.receiver.eventOf(recorded('queued-1').id, 60_000);
  });
});

async function usageOf(client: string): Promise<number> {
  const { total } = await call<UsageReport>(client, '/v1/usage');
  return total.calls;
}
