import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { UsageReport } from '../../shared/contract/usage.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import { type CliEnvironment, runCli, runJson } from './run-cli.ts';

const operatorKey = 'an-operator-key-of-the-tests';
let chain: Chain;
/** Nothing but an address and a key: no Redis, no sealing keys. */
let remote: CliEnvironment;
beforeAll(async () => {
  chain = await startChain({ environment: { OPERATOR_KEY: operatorKey } });
  remote = { VERIQUEUE_OPERATOR_URL: chain.url, VERIQUEUE_OPERATOR_KEY: operatorKey };
});
afterAll(() => chain.stop());

const cli = <T>(...args: string[]) => runJson<T>(args, remote);
const onRedis = <T>(...args: string[]) => runJson<T>(args, chain.environment);

/** The address of a port that was free just now. */
async function findClosedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

interface Endpoint {
  readonly clientId: string;
  readonly origin: string;
  readonly health: { readonly status: string; readonly reason?: string };
  readonly waiting: number;
}

describe("the command line over the operators' API", { timeout: 240_000 }, () => {
  it('shows, pauses and resumes the lane', async () => {
    expect(await cli<LaneOverview>('lane', 'show')).toMatchObject({
      lane: chain.keys.lane,
      status: 'running',
    });
    const pausing = ['lane', 'pause', '--reason', 'an audit', '--yes'];
    expect(await cli(...pausing)).toEqual({ lane: chain.keys.lane, status: 'paused' });
    // Producers look at the lane five times a second.
    const seen = () => chain.lane();
    await expect.poll(seen, { timeout: 60_000 }).toMatchObject({ status: 'paused', reason: 'an audit' });
    const resuming = ['lane', 'resume', '--yes'];
    expect(await cli(...resuming)).toEqual({ lane: chain.keys.lane, status: 'resumed', from: ['paused'] });
    expect(await cli(...resuming)).toEqual({ lane: chain.keys.lane, status: 'already_running' });
    await expect.poll(seen, { timeout: 60_000 }).toMatchObject({ status: 'running' });
  });

  it('holds an endpoint, whose events wait, and enables it again', async () => {
    const { clientId } = chain.client;
    const endpoint = [clientId, new URL(chain.receiver.url).origin];
    expect(await cli('endpoints', 'hold', ...endpoint, '--yes')).toEqual({
      endpoint: endpoint.join(' '),
      status: 'held',
    });
    expect(await cli('endpoints', 'hold', ...endpoint, '--yes')).toMatchObject({ status: 'already_held' });
    const { id } = await chain.submit(makePerson());
    const waiting = async () => {
      const [found] = await cli<Endpoint[]>('endpoints', 'list');
      return found;
    };
    await expect.poll(waiting, { timeout: 60_000 }).toMatchObject({
      health: { status: 'held', reason: 'operator' },
      waiting: 1,
    });
    // Both ways say the same, in the same shape.
    expect(await cli('endpoints', 'list')).toEqual(await onRedis('endpoints', 'list'));
    expect(chain.receiver.accepted.has(id)).toBe(false);
    expect(await cli('endpoints', 'enable', ...endpoint)).toMatchObject({ status: 'releasing' });
    expect((await chain.receiver.eventOf(id)).data.id).toBe(id);
  });

  it('reads the usage, of all and of one client, and delivers an event again', async () => {
    const { id } = await chain.submit(makePerson());
    await chain.receiver.eventOf(id);
    const isDelivered = async () => (await chain.verification(id)).delivery.status;
    await expect.poll(isDelivered, { timeout: 60_000 }).toBe('delivered');
    const own = ['usage', '--client', chain.client.clientId];
    const [all, one, none] = await Promise.all([
      cli<UsageReport>('usage'),
      cli<UsageReport>(...own),
      cli<UsageReport>('usage', '--client', 'cli_other'),
    ]);
    expect(all).toEqual(await onRedis('usage'));
    expect(one).toEqual(await onRedis(...own));
    expect([none.data, none.total.calls]).toEqual([[], 0]);
    expect(await cli('deliveries', 'redeliver', id)).toEqual({ id, status: 'redelivered' });
    expect(await cli('deliveries', 'redeliver', '--dead')).toEqual({ status: 'redelivering' });
    const missing = 'ver_01jd000000000000000000000a';
    const [unknown, period] = await Promise.all([
      runCli(['deliveries', 'redeliver', missing], remote),
      runCli(['deliveries', 'redeliver', '--since', '2h'], remote),
    ]);
    expect(unknown.stderr).toBe(`error: No verification ${missing}\n`);
    expect(period).toMatchObject({ code: 2 });
  });

  it('asks before it holds or pauses, and changes nothing in a dry run', async () => {
    const hold = ['endpoints', 'hold', chain.client.clientId, 'https://hooks.example.com'];
    const unasked = await runCli(hold, remote);
    expect(unasked).toMatchObject({ code: 2, stdout: '' });
    expect(unasked.stderr).toMatch(/^error: This needs a confirmation\. .*--yes/);
    expect(await cli(...hold, '--dry-run')).toEqual({
      dryRun: true,
      would: `hold ${chain.client.clientId} https://hooks.example.com at ${chain.url}`,
    });
    const { stdout } = await runCli(['lane', 'pause', '--reason', 'x', '--dry-run'], remote);
    expect(stdout).toBe(`Would pause lane ${chain.keys.lane} at ${chain.url}. Nothing was changed.\n`);
    expect((await chain.lane()).status).toBe('running');
  });

  it('says what is wrong with the key, the address and the setting, and never shows the key', async () => {
    const show = ['lane', 'show'];
    const wrong = { ...remote, VERIQUEUE_OPERATOR_KEY: 'another-key-than-the-right-one' };
    const half = { VERIQUEUE_OPERATOR_URL: chain.url };
    const unused = { ...remote, VERIQUEUE_OPERATOR_URL: await findClosedPort() };
    const elsewhere = { ...remote, VERIQUEUE_OPERATOR_URL: chain.sandbox.url };
    const [refused, lacking, unreachable, foreign, redisOnly] = await Promise.all([
      runCli(show, wrong),
      runCli(show, half),
      runCli(show, unused),
      runCli(show, elsewhere),
      runCli(['keys', 'rotate'], { ...remote, VERIQUEUE_KEYS: chain.environment['VERIQUEUE_KEYS'] ?? '' }),
    ]);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^error: Cannot act at .*: the operator key is not one of its keys.*\n$/);
    expect(lacking).toMatchObject({ code: 2 });
    expect(lacking.stderr).toContain('VERIQUEUE_OPERATOR_KEY must be set too');
    expect(unreachable.stderr).toMatch(
      /^error: Cannot reach the operators' API at .*: received ECONNREFUSED/,
    );
    expect(foreign.stderr).toContain('OPERATOR_KEY must be set at the producer');
    expect(redisOnly).toMatchObject({ code: 2 });
    expect(redisOnly.stderr).toContain('This command works on Redis');
    for (const { stderr } of [refused, lacking, unreachable, foreign, redisOnly]) {
      expect(stderr).not.toContain(operatorKey);
      expect(stderr).not.toContain('another-key');
    }
  });

  it('says when to come back after 429, what a 403 means, and follows no redirect with the key', async () => {
    const answers = [
      { status: 429, headers: { 'retry-after': '90' } },
      { status: 403, headers: {} },
      { status: 307, headers: { location: 'http://127.0.0.1:1/' } },
      { status: 200, headers: {} },
    ];
    const server = createServer((_request, response) => {
      const { status, headers } = answers.shift() ?? { status: 500, headers: {} };
      response.writeHead(status, headers).end('<html>a proxy</html>');
    }).listen(0, '127.0.0.1');
    const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await once(server, 'listening');
    const environment = { ...remote, VERIQUEUE_OPERATOR_URL: url() };
    const show = async () => (await runCli(['lane', 'show'], environment)).stderr;
    expect(await show()).toMatch(/no more requests from here now\. Try again in 1m 30s\n$/);
    expect(await show()).toMatch(/this operator key may only look, not change/);
    expect(await show()).toMatch(/answered 307, and not as Veriqueue does/);
    expect(await show()).toMatch(/Cannot read the answer of /);
    server.close();
  });
});
