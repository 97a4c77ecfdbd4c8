import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { forgetVerification } from '../../shared/store/verifications/forget.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { storeOf } from '../support/records.ts';

let chain: Chain;
let client: ClientCredentials;
let origin: string;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
  origin = new URL(chain.receiver.url).origin;
  client = await chain.addClient({ allowedOrigins: [origin] });
});
afterAll(() => chain.stop());

const cli = <T>(...args: string[]) => runJson<T>(args, chain.environment);

/** A key that no producer remembers: what it may do is looked up with its first request. */
async function freshKey(): Promise<ClientCredentials> {
  const { apiKey } = await cli<{ apiKey: string }>('client', 'rotate-key', client.clientId);
  return { ...client, apiKey };
}

async function submit(callbackUrl: string): Promise<Response> {
  return chain.call('/v1/verifications', {
    as: await freshKey(),
    method: 'POST',
    body: JSON.stringify(makeSubmission(makePerson(), { callbackUrl })),
    headers: { 'content-type': 'application/json' },
  });
}

const read = async <T>(path: string) => (await (await chain.call(path, { as: client })).json()) as T;

describe('an origin that is taken away from a client', () => {
  let id = '';

  it('gets no event of what was submitted before: the event is held, and its client sees why', async () => {
    const submitted = await submit(`${chain.receiver.url}?own`);
    expect(submitted.status).toBe(202);
    ({ id } = (await submitted.json()) as Verification);
    await cli('client', 'set', client.clientId, '--origin', 'https://elsewhere.example.com');
    await chain.addWorker();
    const held = await chain.log.line((line) => line.event === 'delivery_held' && line.verification === id);
    expect(held).toMatchObject({ reason: 'origin_not_allowed' });

    const { delivery } = await read<Verification>(`/v1/verifications/${id}`);
    expect(delivery).toEqual({ status: 'held', attempts: 0, nextAttemptAt: null });
    const log = await read<{ data: object[] }>(`/v1/verifications/${id}/deliveries`);
    expect(log.data).toEqual([expect.objectContaining({ status: null, errorClass: 'origin_not_allowed' })]);
    expect(chain.receiver.deliveries).toEqual([]);
  });

  it('is refused to its client, for a redelivery as for a submission', async () => {
    const redelivery = await chain.call(`/v1/verifications/${id}/redeliver`, {
      as: await freshKey(),
      method: 'POST',
    });
    expect([redelivery.status, ((await redelivery.json()) as { code: string }).code]).toEqual([
      409,
      'callback_not_allowed',
    ]);
    expect((await submit(`${chain.receiver.url}?own`)).status).toBe(422);
  });

  it('gets nothing from an operator’s redelivery either, who is shown the reason', async () => {
    await cli('deliveries', 'redeliver', id);
    await chain.log.line((line) => line.event === 'delivery_held' && line.verification === id, { nth: 2 });
    const { stdout } = await runCli(['endpoints', 'list'], chain.environment);
    expect(stdout).toMatch(new RegExp(`${origin}\\s+│?\\s*held \\(origin not allowed\\)`));
    const metrics = await (await fetch(`${chain.url}/metrics`)).text();
    expect(metrics).toMatch(/veriqueue_deliveries_held\{reason="origin_not_allowed".*\} 1/);
    expect(chain.receiver.deliveries).toEqual([]);
  });

  it('gets the events that waited once it is allowed again', async () => {
    const shown = await cli<{ releasedEvents: number }>('client', 'set', client.clientId, '--origin', origin);
    expect(shown.releasedEvents).toBe(1);
    expect((await chain.receiver.eventOf(id)).data.id).toBe(id);
    expect(await chain.redis.smembers(chain.keys.deferringEndpoints())).toEqual([]);
  });

  it('leaves nothing among the waiting events when its verification is erased', async () => {
    const submitted = (await (await submit(`${chain.receiver.url}?erased`)).json()) as Verification;
    await chain.receiver.eventOf(submitted.id);
    await cli('client', 'set', client.clientId, '--origin', 'https://elsewhere.example.com');
    // Once more while the worker may still remember the client as it was.
    const redelivered = async () => {
      await runCli(['deliveries', 'redeliver', submitted.id], chain.environment);
      return (await read<Verification>(`/v1/verifications/${submitted.id}`)).delivery.status;
    };
    await expect.poll(redelivered, { timeout: 60_000 }).toBe('held');
    await forgetVerification(storeOf(chain.redis, chain.keys), {
      id: submitted.id,
      clientId: client.clientId,
      now: Date.now(),
    });
    expect(await chain.redis.smembers(chain.keys.deferringEndpoints())).toEqual([]);
    expect(await chain.redis.exists(chain.keys.deferredDeliveries(`${client.clientId} ${origin}`))).toBe(0);
  });
});
