import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { type CliEnvironment, runCli, runJson } from './run-cli.ts';
import { submitAs } from './submit-as.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
/** Without workers: what is submitted waits. */
beforeAll(async () => {
  chain = await startChain({ workers: 0, environment: { OPERATOR_KEY: operatorKey } });
});
afterAll(() => chain.stop());

const onRedis = () => chain.environment;
const overApi = () => ({ VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey });
const ways: readonly [string, () => CliEnvironment][] = [
  ['on Redis', onRedis],
  ["over the operators' API", overApi],
];
const statusOf = async ({ apiKey }: ClientCredentials) =>
  (await fetch(`${chain.url}/v1/lane`, { headers: { authorization: `Bearer ${apiKey}` } })).status;
const keysOf = async ({ clientId }: ClientCredentials) =>
  (await chain.redis.keys('*')).filter((key) => key.includes(clientId) && !/:erasures?:/.test(key));

describe('veriqueue client delete', { timeout: 240_000 }, () => {
  it.each(ways)(
    'refuses a client of which something waits, which stays as it was, %s',
    async (_, environment) => {
      const client = await chain.addClient();
      await submitAs(chain, client);
      const args = ['client', 'delete', client.clientId, '--yes'];
      const { code, stdout, stderr } = await runCli(args, environment());
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('1 waiting verification and 0 undelivered events');
      expect(await statusOf(client)).toBe(200);
      expect(await chain.redis.hget(chain.keys.client(client.clientId), 'disabled')).toBeNull();
    },
  );

  it.each(ways)(
    'erases what waits when it is asked to, with the photos and jobs, %s',
    async (_, environment) => {
      const client = await chain.addClient();
      const waiting = await submitAs(chain, client);
      const args = ['client', 'delete', client.clientId, '--cancel'];
      const { would } = await runJson<{ would: string }>([...args, '--dry-run'], environment());
      expect(would).toMatch(
        /^delete client cli_\w+( at http\S+)?, and erase 1 waiting verification and 0 und/,
      );
      expect(await runCli(args, environment())).toMatchObject({ code: 2 });
      expect(await chain.redis.exists(chain.keys.subject(waiting.id))).toBe(1);

      const deleted = await runJson([...args, '--yes'], environment());
      expect(deleted).toEqual({ clientId: client.clientId, status: 'deleted', erased: 1 });
      expect(await statusOf(client)).toBe(401);
      expect(await chain.redis.exists(chain.keys.record(waiting.id), chain.keys.subject(waiting.id))).toBe(0);
      expect(await chain.queues.verifications.getJob(waiting.id)).toBeUndefined();
      expect(await chain.queues.deliveries.getJob(waiting.id)).toBeUndefined();
      expect(await keysOf(client)).toEqual([]);
      expect(Object.values(await chain.redis.hgetall(chain.keys.apiKeys()))).not.toContain(client.clientId);
      const again = await runCli([...args, '--yes'], environment());
      expect(again).toMatchObject({ code: 1 });
      expect(again.stderr).toBe(`error: No client ${client.clientId}. List them: veriqueue client list\n`);
    },
  );

  it('keeps finished verifications and the ledger, and holds a client to its undelivered events', async () => {
    const other = await startChain({ redis: chain.redisServer });
    const client = await other.addClient();
    const { id } = await submitAs(other, client);
    await other.receiver.eventOf(id);
    const delivery = async (of: string) => {
      const answer = await other.call(`/v1/verifications/${of}`, { as: client });
      return ((await answer.json()) as Verification).delivery.status;
    };
    await expect.poll(() => delivery(id), { timeout: 60_000 }).toBe('delivered');
    const endpoint = [client.clientId, new URL(other.receiver.url).origin];
    await runJson(['endpoints', 'hold', ...endpoint, '--yes'], other.environment);
    // A worker may act on the hold a second late. What it delivers until then is not what this is about.
    const isAtRest = expect.stringMatching(/^(delivered|held)$/);
    let held = await submitAs(other, client);
    await expect.poll(() => delivery(held.id), { timeout: 60_000 }).toEqual(isAtRest);
    while ((await delivery(held.id)) !== 'held') {
      held = await submitAs(other, client);
      await expect.poll(() => delivery(held.id), { timeout: 60_000 }).toEqual(isAtRest);
    }
    const args = ['client', 'delete', client.clientId, '--yes'];
    const refused = await runCli(args, other.environment);
    expect(refused.stderr).toContain('0 waiting verifications and 1 undelivered event. ');
    await runJson([...args, '--cancel'], other.environment);
    expect(await other.redis.exists(other.keys.record(id))).toBe(1);
    expect(await other.redis.exists(other.keys.record(held.id))).toBe(0);
    // Nothing is left that would be shown as an endpoint that wants attention.
    expect(await other.redis.smembers(other.keys.unhealthyEndpoints())).toEqual([]);
    expect(await other.redis.smembers(other.keys.deferringEndpoints())).toEqual([]);
    const usage = await runJson<{ data: { clientId: string }[] }>(['usage'], other.environment);
    expect(usage.data.map(({ clientId }) => clientId)).toContain(client.clientId);
    await other.stop();
  });
});

describe("veriqueue client over the operators' API", { timeout: 240_000 }, () => {
  it('makes, shows, changes, and renews keys and secrets, in the shapes it has on Redis', async () => {
    const cli = <T>(...args: string[]) => runJson<T>(['client', ...args], overApi());
    const made = await cli<ClientCredentials>('create', '--name', 'remote', '--weight', '7');
    expect(Object.keys(made)).toEqual(['clientId', 'apiKey', 'webhookSecret']);
    expect(await statusOf(made)).toBe(200);
    const { clientId } = made;
    const set = await cli(
      'set',
      clientId,
      '--name',
      'renamed',
      '--max-waiting',
      '12',
      '--origin',
      new URL(chain.receiver.url).origin,
    );
    expect(set).toMatchObject({ id: clientId, name: 'renamed', weight: 7, maxWaiting: 12 });
    expect(await cli('show', clientId)).toEqual(await runJson(['client', 'show', clientId], onRedis()));
    expect(await cli('list')).toEqual(await runJson(['client', 'list'], onRedis()));
    const { apiKey } = await cli<{ apiKey: string }>('rotate-key', clientId);
    expect(await cli('revoke-key', clientId, made.apiKey.slice(0, 9))).toEqual({
      clientId,
      revoked: made.apiKey.slice(0, 9),
    });
    expect(await statusOf({ ...made, apiKey })).toBe(200);
    expect(await cli('rotate-secret', clientId, '--overlap', '1h')).toEqual({
      clientId,
      webhookSecret: expect.stringMatching(/^whsec_/),
      previousSignsUntil: expect.any(String),
    });
    expect(await cli('disable', clientId)).toEqual({ clientId, disabled: true });
    const missing = await runCli(['client', 'show', 'cli_unknown'], overApi());
    expect(missing.stderr).toBe('error: No client cli_unknown. List them: veriqueue client list\n');
    const last = await runCli(['client', 'revoke-key', clientId, apiKey.slice(0, 9)], overApi());
    expect(last).toMatchObject({ code: 1 });
  });
});
