import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PromisesAtRisk } from '../../shared/contract/promises-at-risk.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';
import { type CliEnvironment, runCli, runJson } from './run-cli.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
/** Both ways of the command line. */
let environments: Readonly<Record<'redis' | 'api', CliEnvironment>>;

beforeAll(async () => {
  chain = await startChain({
    workers: 0,
    environment: { OPERATOR_KEY: operatorKey, QUOTA_PER_SECOND: '20' },
  });
  environments = {
    redis: chain.environment,
    api: { VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey },
  };
  // No time is promised before a worker has started and asked for a slot. From then on nothing is asked.
  const worker = await chain.addWorker();
  const { id } = await chain.submit();
  await chain.receiver.eventOf(id);
  await worker.stop();
});
afterAll(() => chain.stop());

interface WeightChange {
  readonly weight: number;
  readonly promisesAtRisk: PromisesAtRisk;
}

async function addWaiting(count: number, weight = 100): Promise<ClientCredentials> {
  const client = await chain.addClient({ weight });
  const headers = { 'content-type': 'application/json' };
  const submit = async () => {
    const body = JSON.stringify(makeSubmission(makePerson()));
    const call = {
      as: client,
      method: 'POST',
      headers: { ...headers, 'idempotency-key': randomUUID() },
      body,
    };
    let answer = await chain.call('/v1/verifications', call);
    // A busy machine refuses some of fifty at once: they come again, as a client's would.
    while (answer.status === 503) answer = await chain.call('/v1/verifications', call);
    expect(await answer.json()).toMatchObject({ completesBy: expect.stringMatching(/Z$/) });
  };
  for (let i = 0; i < count; i += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - i) }, submit));
  return client;
}

const set = (clientId: string, weight: number, ...args: string[]) =>
  runJson<WeightChange>(['client', 'set', clientId, '--weight', String(weight), ...args], environments.redis);
const weightOf = async (clientId: string) =>
  (await runJson<{ weight: number }>(['client', 'show', clientId], environments.redis)).weight;
/** By how much is a matter of the moment. */
const counts = ({ promisesAtRisk: { verifications, clients, isSampled, data } }: WeightChange) => ({
  verifications,
  clients,
  isSampled,
  data: data.map(({ laterSeconds, ...client }) => ({ ...client, isLater: laterSeconds > 0 })),
});

describe('veriqueue client set --weight', { timeout: 240_000 }, () => {
  it('says beforehand and afterwards whose promised times it puts at risk, and a dry run changes nothing', async () => {
    const [rising, other] = [await addWaiting(30), await addWaiting(30)];
    // Of the other client, all but the one whose turn has come.
    const expected = {
      verifications: 29,
      clients: 1,
      isSampled: false,
      data: [{ clientId: other.clientId, verifications: 29, waiting: 30, isLater: true }],
    };
    const before = await set(rising.clientId, 400, '--dry-run');
    expect(before).toMatchObject({ dryRun: true, clientId: rising.clientId, weight: 400 });
    expect(counts(before)).toEqual(expected);
    expect(await weightOf(rising.clientId)).toBe(100);
    const applied = await set(rising.clientId, 400);
    expect([applied.weight, counts(applied)]).toEqual([400, expected]);
    expect(await weightOf(rising.clientId)).toBe(400);
    // The same weight once more takes nothing from its neighbours.
    expect(counts(await set(rising.clientId, 400))).toMatchObject({ verifications: 0, data: [] });
  });

  it("puts the client's own promised times at risk when it is lowered", async () => {
    const falling = await addWaiting(10);
    const lowered = await set(falling.clientId, 1, '--dry-run');
    expect(counts(lowered)).toEqual({
      verifications: 10,
      clients: 1,
      isSampled: false,
      data: [{ clientId: falling.clientId, verifications: 10, waiting: 10, isLater: true }],
    });
  });

  it("says the same over the operators' API, before and after", async () => {
    const rising = await addWaiting(1);
    const dryRun = ['client', 'set', rising.clientId, '--weight', '1000', '--dry-run'];
    const direct = await runJson<WeightChange>(dryRun, environments.redis);
    const remote = await runJson<WeightChange>(dryRun, environments.api);
    expect(counts(remote)).toEqual(counts(direct));
    expect(remote.promisesAtRisk.clients).toBeGreaterThan(1);
    expect(await weightOf(rising.clientId)).toBe(100);
    const applied = await runJson<WeightChange>(dryRun.slice(0, -1), environments.api);
    expect([applied.weight, counts(applied)]).toEqual([1_000, counts(direct)]);
  });

  it('names the clients in a table for people, and takes no other setting into a dry run', async () => {
    const [rising, other] = [await addWaiting(1), await addWaiting(3)];
    const args = ['client', 'set', rising.clientId, '--weight', '1000'];
    const shown = await runCli([...args, '--dry-run'], environments.redis);
    expect(shown.stdout).toContain(`Would give ${rising.clientId} the weight 1000. Nothing was changed.`);
    expect(shown.stdout).toMatch(
      /The promised times \(completesBy\) of \d+ waiting verifications may be missed/,
    );
    expect(shown.stdout).toMatch(new RegExp(`^${other.clientId} +2 of 3 +\\d`, 'm'));
    for (const refused of [
      ['client', 'set', rising.clientId, '--dry-run', '--name', 'x'],
      [...args, '--dry-run', '--name', 'x'],
    ])
      expect(await runCli(refused, environments.redis)).toMatchObject({ code: 2, stdout: '' });
    for (const environment of Object.values(environments)) {
      const unknown = ['client', 'set', 'cli_of-no-client', '--weight', '5', '--dry-run'];
      expect(await runCli(unknown, environment)).toMatchObject({ code: 1, stdout: '' });
    }
  });

  it('looks at a sample of a long line, and at clients without a weight as at those of 100', async () => {
    const long = await addWaiting(1_000);
    await chain.redis.hdel(chain.keys.client(long.clientId), 'weight');
    const rising = await addWaiting(1);
    const raised = counts(await set(rising.clientId, 1_000, '--dry-run'));
    const own = raised.data.find(({ clientId }) => clientId === long.clientId);
    expect([raised.isSampled, own?.waiting, raised.data[0]?.clientId]).toEqual([true, 1_000, long.clientId]);
    // All but its first, by a sample of fifty.
    expect(own?.verifications).toBe(980);
    const lowered = counts(await set(long.clientId, 1, '--dry-run'));
    expect(lowered).toMatchObject({ verifications: 1_000, clients: 1 });
  });

  it('puts nothing at risk where the client may not submit and has no work', async () => {
    const { clientId } = await chain.addClient();
    await runJson(['client', 'disable', clientId], environments.redis);
    expect(counts(await set(clientId, 1_000))).toMatchObject({ verifications: 0, clients: 0 });
  });
});
