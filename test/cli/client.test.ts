import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
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
    expect(refused.stderr).toMatch(/^error: Cannot revoke the key: a client keeps its last key.*\n$/);
  });

  it('refuses a disabled client with 401 until it is enabled', async () => {
    const made = await chain.addClient();
    await cli('client', 'disable', made.clientId);
    await untilStatus(made.apiKey, 401);
    await cli('client', 'enable', made.clientId);
    expect(await statusOf(made.apiKey)).toBe(200);
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
    expect(first.stderr).toMatch(/^error: Cannot use --callback-url: .* received: insecure scheme\n$/);
    expect(second.stderr).toMatch(/^error: Cannot use --origin: .* received: forbidden host\n$/);
    expect([first.code, second.code]).toEqual([2, 2]);
    expect(third).toMatchObject({
      code: 1,
      stderr: 'error: Cannot find client cli_nobody: see veriqueue client list\n',
    });
  });
});
