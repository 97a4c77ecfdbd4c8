import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { readActiveShares } from '../../shared/store/shares/read-shares.ts';
import { makeSubmission } from '../producer/submission-builder.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { runCli, runJson } from './run-cli.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain.stop());

const cli = <T>(...args: string[]) => runJson<T>(args, chain.environment);
const fails = (...args: string[]) => runCli(args, chain.environment);
const statusOf = async (apiKey: string) =>
  (await fetch(`${chain.url}/v1/lane`, { headers: { authorization: `Bearer ${apiKey}` } })).status;
/** The producer remembers a client for two seconds. */
const untilStatus = (apiKey: string, status: number) =>
  expect.poll(() => statusOf(apiKey), { timeout: 60_000 }).toBe(status);

describe('veriqueue client', () => {
  it('makes a client whose key works at once, and never shows its secrets again', async () => {
    const origin = ['--origin', 'https://shop.example.com/'];
    const made = await cli<ClientCredentials>('client', 'create', '--name', 'shop', ...origin);
    expect(await statusOf(made.apiKey)).toBe(200);
    const [list, shown] = await Promise.all([
      fails('client', 'list', '--json'),
      fails('client', 'show', made.clientId, '--json'),
    ]);
    expect(list.stdout).toContain(made.clientId);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id: made.clientId,
      name: 'shop',
      allowedOrigins: ['https://shop.example.com'],
      callbackUrl: null,
      apiKeys: [{ prefix: made.apiKey.slice(0, 9) }],
      webhookSecrets: [{ retiresAt: null }],
    });
    for (const text of [list.stdout, shown.stdout]) {
      expect(text).not.toContain(made.apiKey);
      expect(text).not.toContain(made.webhookSecret);
      expect(text).not.toContain('sealed');
      expect(text).not.toContain('hash');
    }
  });

  it('lets an old key work until it is revoked, and keeps the last one', async () => {
    const made = await chain.addClient();
    const { apiKey } = await cli<{ apiKey: string }>('client', 'rotate-key', made.clientId);
    expect(await Promise.all([statusOf(made.apiKey), statusOf(apiKey)])).toEqual([200, 200]);
    await cli('client', 'revoke-key', made.clientId, made.apiKey.slice(0, 9));
    await untilStatus(made.apiKey, 401);
    expect(await statusOf(apiKey)).toBe(200);
    const refused = await fails('client', 'revoke-key', made.clientId, apiKey.slice(0, 9));
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error: The key is not revoked: a client keeps its last key.*\n$/);
  });

  it('makes a key that may do less, for a while, from some addresses, and shows what it may', async () => {
    const { clientId } = await chain.addClient();
    const limits = ['--scope', 'read', '--expires-in', '90d', '--from', '203.0.113.7', '2001:db8::/48'];
    const { apiKey } = await cli<{ apiKey: string }>('client', 'rotate-key', clientId, ...limits);
    await untilStatus(apiKey, 403);
    const prefix = apiKey.slice(0, 9);
    const shown = await cli<{ apiKeys: { expiresAt: string | null }[] }>('client', 'show', clientId);
    expect(shown.apiKeys).toMatchObject([
      { prefix, scopes: ['read'], addresses: ['203.0.113.7', '2001:db8::/48'], lastUsedAt: null },
      { scopes: ['submit', 'read'], expiresAt: null, addresses: [] },
    ]);
    const text = (await fails('client', 'show', clientId)).stdout;
    expect(text).toMatch(
      new RegExp(`${prefix}… \\(.*, read, until .*, from 203.0.113.7 2001:db8::/48, not used\\)`),
    );
    expect(await fails('client', 'rotate-key', clientId, '--scope', 'write')).toMatchObject({ code: 2 });
    const wrong = await fails('client', 'rotate-key', clientId, '--from', '203.0.113.0/33');
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^error: The key is not made: addresses\/0 must be an IP address or a CIDR range/,
      ),
    ]);
  });

  it('refuses a disabled client with 401 until it is enabled', async () => {
    const made = await chain.addClient();
    await cli('client', 'disable', made.clientId);
    await untilStatus(made.apiKey, 401);
    await cli('client', 'enable', made.clientId);
    expect(await statusOf(made.apiKey)).toBe(200);
  });

  it('keeps the weight of a client from its creation until it is set', async () => {
    const made = await cli<ClientCredentials>('client', 'create', '--name', 'heavy', '--weight', '400');
    const weightOf = async () => (await cli<{ weight: number }>('client', 'show', made.clientId)).weight;
    expect(await weightOf()).toBe(400);
    const renamed = await cli<{ weight: number }>('client', 'set', made.clientId, '--name', 'heavier');
    expect(renamed).toMatchObject({ name: 'heavier', weight: 400 });
    expect(await cli('client', 'set', made.clientId, '--weight', '1')).toMatchObject({ weight: 1 });
    expect(await weightOf()).toBe(1);
    expect((await fails('client', 'list')).stdout).toMatch(
      new RegExp(`^${made.clientId} +heavier +enabled +1 +1 `, 'm'),
    );
  });

  it('makes a weight hold for what waits already', async () => {
    const made = await chain.addClient();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(makeSubmission());
    await chain.call('/v1/verifications', { as: made, method: 'POST', headers, body });
    const weights = async () => (await readActiveShares(chain.redis, chain.keys, 'interactive')).weights;
    const before = await weights();
    await cli('client', 'set', made.clientId, '--weight', '150');
    expect((await weights()) - before).toBe(50);
  });

  it('gives a client the weight 100 whose record has none, or one without sense', async () => {
    const { clientId } = await chain.addClient();
    const weightOf = async () => (await cli<{ weight: number }>('client', 'show', clientId)).weight;
    expect(await weightOf()).toBe(100);
    for (const weight of ['', '0', '-3', '1001', '1e2', 'heavy', '99999999999999999999']) {
      await chain.redis.hset(chain.keys.client(clientId), { weight });
      expect([weight, await weightOf()]).toEqual([weight, 100]);
    }
  });

  it('holds a client to the cap that is set, until it is taken away', async () => {
    const made = await chain.addClient();
    const setCap = (...args: string[]) =>
      cli<{ maxWaiting: number | null }>('client', 'set', made.clientId, ...args);
    expect(await cli('client', 'show', made.clientId)).toMatchObject({ maxWaiting: null });
    expect(await setCap('--max-waiting', '0')).toMatchObject({ maxWaiting: 0, weight: 100 });
    expect(await setCap('--max-waiting', '1')).toMatchObject({ maxWaiting: 1 });
    const submit = async () => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(makeSubmission());
      return (await chain.call('/v1/verifications', { as: made, method: 'POST', headers, body })).status;
    };
    expect([await submit(), await submit()]).toEqual([202, 429]);
    expect(await setCap('--no-max-waiting')).toMatchObject({ maxWaiting: null });
    expect(await submit()).toBe(202);
    for (const cap of ['-1', '1.5', 'all', '1000000000']) {
      expect(await fails('client', 'set', made.clientId, `--max-waiting=${cap}`)).toMatchObject({ code: 2 });
    }
  });

  it('refuses a weight out of its bounds, and a change of nothing', async () => {
    const { clientId } = await chain.addClient();
    for (const weight of ['0', '1001', '1.5', '-1', 'much', '']) {
      const refused = await fails('client', 'set', clientId, `--weight=${weight}`);
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('It must be a whole number, 1 to 1000.');
    }
    expect(await fails('client', 'set', clientId)).toMatchObject({ code: 2 });
    expect(await fails('client', 'set', 'cli_nobody', '--weight', '5')).toMatchObject({
      code: 1,
      stderr: 'error: No client cli_nobody. List them: veriqueue client list\n',
    });
  });

  it('refuses callbacks that are not public, and clients that are not there', async () => {
    const strict = { ...chain.environment, ALLOW_INSECURE_CALLBACKS: 'false' };
    const insecure = ['client', 'create', '--name', 'x', '--callback-url', 'http://hooks.example.com/'];
    const inside = ['client', 'create', '--name', 'x', '--origin', 'https://192.168.7.7'];
    const [first, second, third] = await Promise.all([
      runCli(insecure, strict),
      runCli(inside, strict),
      fails('client', 'show', 'cli_nobody'),
    ]);
    expect(first.stderr).toMatch(/^error: --callback-url .*: insecure scheme\n$/);
    expect(second.stderr).toMatch(/^error: --origin .*: forbidden host\n$/);
    expect([first.code, second.code]).toEqual([2, 2]);
    expect(third).toMatchObject({
      code: 1,
      stderr: 'error: No client cli_nobody. List them: veriqueue client list\n',
    });
  });
});
