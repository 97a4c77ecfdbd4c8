import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type ApiKey,
  type Callback,
  type CreatedEndpoint,
  type Endpoint,
  Veriqueue,
} from '../../client/veriqueue.ts';
import { loopbackCertificate, loopbackKey } from '../shared/webhook/loopback-certificate.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';
import { type CliEnvironment, runCli, runJson, spawnCli } from './run-cli.ts';
import { submitAs } from './submit-as.ts';

const TOKEN = 'token-canary-7f31';
const PASSWORD = 'päss:word-canary';

let chain: Chain;
let folder: string;
let beside: WebhookReceiver;
const file = (name: string) => join(folder, name);

beforeAll(async () => {
  [chain, beside, folder] = await Promise.all([
    startChain(),
    startWebhookReceiver(),
    mkdtemp(join(tmpdir(), 'veriqueue-self-service-')),
  ]);
  await Promise.all([
    writeFile(file('token'), `${TOKEN}\n`),
    writeFile(file('basic'), `gate:${PASSWORD}\n`),
    writeFile(file('no-colon'), TOKEN),
    writeFile(file('certificate.pem'), loopbackCertificate),
    writeFile(file('key.pem'), loopbackKey),
  ]);
});
afterAll(async () => {
  await chain?.stop();
  await beside?.close();
  if (folder) await rm(folder, { recursive: true });
});

/** A client, a key of it that may manage and read, and what the command line needs to use that. */
async function managingClient() {
  const client = await chain.addClient();
  const args = ['client', 'rotate-key', client.clientId, '--scope', 'manage', 'read', 'submit'];
  const { apiKey } = await runJson<{ apiKey: string }>(args, chain.environment);
  const own: CliEnvironment = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: apiKey };
  const ofOthers: CliEnvironment = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: client.apiKey };
  return { client, apiKey, own, ofOthers };
}

async function runWithInput(args: readonly string[], environment: CliEnvironment, input: string) {
  const child = spawnCli(args, environment);
  child.stdin.end(input);
  const code = new Promise((resolve) => child.once('exit', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

describe('veriqueue api-key', { timeout: 120_000 }, () => {
  test('makes a key within the limits of the one that asks, lists it, and revokes it after a confirmation', async () => {
    const { apiKey, own, ofOthers } = await managingClient();
    const args = ['api-key', 'add', '--scope', 'read', '--expires-in', '1d', '--from', '127.0.0.0/8', '::1'];
    const begun = Date.now();
    const made = await runJson<ApiKey & { apiKey: string }>(args, own);
    expect(made).toMatchObject({ scopes: ['read'], addresses: ['127.0.0.0/8', '::1'], current: false });
    expect(Date.parse(made.expiresAt ?? '') - begun).toBeGreaterThanOrEqual(86_400_000);
    const key = new Veriqueue({ url: chain.url, apiKey: made.apiKey, maxRetries: 0 });
    expect(await key.usage()).toBeDefined();

    const listed = await runJson<ApiKey[]>(['api-key', 'list'], own);
    expect(listed.filter(({ current }) => current).map(({ prefix }) => prefix)).toEqual([apiKey.slice(0, 9)]);
    const table = await runCli(['api-key', 'list'], own);
    expect(table.stdout).toMatch(
      new RegExp(`^${made.prefix} +read +\\S+Z +\\S+Z +127\\.0\\.0\\.0/8 ::1 `, 'm'),
    );
    expect(table.stdout).toMatch(/this one$/m);
    expect(table.stdout).not.toContain(made.apiKey);

    const revoke = ['api-key', 'revoke', made.prefix];
    expect(await runCli(revoke, own)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('add --yes'),
    });
    expect((await runCli([...revoke, '--dry-run'], own)).stdout).toContain(
      `Would revoke the API key ${made.prefix}`,
    );
    expect(await key.usage()).toBeDefined();
    expect(await runJson([...revoke, '--yes'], own)).toEqual({ revoked: made.prefix });
    await expect.poll(() => key.usage().then(() => 'let in', String), { timeout: 30_000 }).toContain('401');
    expect(await runCli([...revoke, '--yes'], own)).toMatchObject({
      code: 1,
      stderr: `error: No API key begins with ${made.prefix}: veriqueue api-key list shows yours\n`,
    });
    expect((await runCli(['api-key', 'list'], ofOthers)).stderr).toContain('403 scope_missing');
  });

  test('keeps the last key that manages unless that is meant, and says which key the command itself uses', async () => {
    const { apiKey, own } = await managingClient();
    const prefix = apiKey.slice(0, 9);
    const revoke = ['api-key', 'revoke', prefix];
    expect((await runCli([...revoke, '--dry-run'], own)).stdout).toContain('which this command uses');
    expect((await runCli([...revoke, '--yes'], own)).stderr).toContain('409 last_manage_key');
    expect(await runJson([...revoke, '--even-last', '--yes'], own)).toEqual({ revoked: prefix });
  });

  test('refuses a key beyond the one that asks, by the field', async () => {
    const { client } = await managingClient();
    const args = ['client', 'rotate-key', client.clientId, '--scope', 'manage', '--from', '127.0.0.1', '::1'];
    const { apiKey } = await runJson<{ apiKey: string }>(args, chain.environment);
    const environment = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: apiKey };
    const { code, stderr } = await runCli(
      ['api-key', 'add', '--scope', 'submit', '--from', '10.0.0.0/8'],
      environment,
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining('/scopes must not go beyond the scopes')]);
    expect(stderr).toContain('/addresses/0 must not go beyond');
    expect((await runCli(['api-key', 'add', '--scope', 'root'], environment)).code).toBe(2);
  });
});

describe('veriqueue callback', { timeout: 120_000 }, () => {
  test('sets what the receiver asks for from files, and never shows it', async () => {
    const { client, own } = await managingClient();
    const set = (...options: string[]) => runCli(['callback', 'set', ...options], own);
    const given = await set('--header', `X-Gateway-Token=${file('token')}`, '--basic', file('basic'));
    expect(given.stdout).toMatch(
      /^asks for +headers x-gateway-token; user name and password \(to http:.+ alone\)$/m,
    );
    const { id } = await submitAs(chain, client);
    await chain.receiver.eventOf(id);
    const { headers } = chain.receiver.deliveries.find(({ event }) => event.data.id === id) ?? expect.fail();
    expect(headers['x-gateway-token']).toBe(TOKEN);
    expect(headers.authorization).toBe(`Basic ${Buffer.from(`gate:${PASSWORD}`).toString('base64')}`);

    const certified = await set(
      '--certificate',
      file('certificate.pem'),
      '--certificate-key',
      file('key.pem'),
    );
    const shown = await runJson<Callback>(['callback', 'show'], own);
    expect(shown.auth).toMatchObject({ headers: ['x-gateway-token'], basic: true });
    expect(shown.auth?.clientCertificate?.expiresAt).toMatch(/^2120-/);
    const fewer = await set('--no-headers', '--no-basic');
    expect(fewer.stdout).toMatch(/^asks for +a certificate that is valid until: 2120-/m);
    const none = await set('--no-auth');
    expect(none.stdout).toMatch(/^asks for +nothing$/m);
    const said = JSON.stringify([given, certified, shown, fewer, none]);
    expect(said).not.toMatch(/canary|PRIVATE KEY/);
  });

  test('reads one secret from standard input', async () => {
    const { own } = await managingClient();
    const args = ['callback', 'set', '--header', 'x-gateway-token=-', '--json'];
    const { code, stdout } = await runWithInput(args, own, `${TOKEN}\n`);
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      expect.objectContaining({ auth: expect.objectContaining({ headers: ['x-gateway-token'] }) }),
    ]);
    const twice = await runCli(['callback', 'set', '--header', 'x-a=-', '--basic', '-'], own);
    expect(twice).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Only one option can read standard input'),
    });
  });

  test.each([
    [[], 'Give at least one setting'],
    [['--header', TOKEN], '--header must be the name, = and a file'],
    [['--header', `x-a=${TOKEN}`], 'The file of --header cannot be read: ENOENT'],
    [['--header', 'x-a=/dev/null', 'X-A=/dev/null'], 'must not name a header twice'],
    [['--basic', 'no-colon'], 'must hold a user name, a colon and the password'],
    [['--certificate', 'certificate.pem'], '--certificate and --certificate-key belong together'],
    [['--certificate-key', 'key.pem'], '--certificate and --certificate-key belong together'],
    [['--no-auth', '--no-basic'], 'give it alone'],
    [['--header', 'x-a=token', '--no-headers'], 'exclude each other'],
  ])('is called wrongly with %j, and repeats no value', async (args, message) => {
    const { own } = await managingClient();
    const { code, stderr } = await runCli(
      ['callback', 'set', ...args.map((each) => each.replace(/^(no-colon|.*\.pem)$/, file))],
      own,
    );
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('canary');
  });

  test('refuses what the server refuses, by the field and without a value', async () => {
    const { own } = await managingClient();
    const reserved = await runCli(['callback', 'set', '--header', `webhook-id=${file('token')}`], own);
    expect([reserved.code, reserved.stderr]).toEqual([
      1,
      expect.stringContaining('/auth/headers must not have headers'),
    ]);
    const swapped = await runCli(
      ['callback', 'set', '--certificate', file('key.pem'), '--certificate-key', file('certificate.pem')],
      own,
    );
    expect(swapped.stderr).toContain('/auth/clientCertificate/certificate must be an X.509 certificate');
    expect(swapped.stderr + reserved.stderr).not.toMatch(/canary|BEGIN/);
  });

  test('takes the URL away, sets another one, and rotates the secret with an overlap', async () => {
    const { client, own, ofOthers } = await managingClient();
    expect((await runCli(['callback', 'set', '--no-to'], own)).stdout).toMatch(
      /^callback +none: your events are read/m,
    );
    const waiting = await submitAs(chain, client);
    const set = await runJson<Callback>(['callback', 'set', '--to', beside.url], own);
    expect(set.url).toBe(beside.url);
    const begun = Date.now();
    const rotated = await runJson<{ secret: string; previousSignsUntil: string }>(
      ['callback', 'rotate-secret', '--overlap', '2h'],
      own,
    );
    expect(Date.parse(rotated.previousSignsUntil) - begun).toBeGreaterThanOrEqual(7_200_000);
    expect(Date.parse(rotated.previousSignsUntil) - Date.now()).toBeLessThanOrEqual(7_200_000);
    beside.trust(rotated.secret);
    beside.trust(client.webhookSecret);
    await beside.eventOf(waiting.id, 60_000);
    const shown = await runCli(['callback', 'show'], own);
    expect(shown.stdout).toMatch(/^secrets +the current one, one that signs until \S+Z$/m);
    expect((await runCli(['callback', 'rotate-secret', '--overlap', '31d'], own)).stderr).toContain(
      '/overlapSeconds',
    );
    expect((await runCli(['callback', 'show'], ofOthers)).stderr).toContain('403 scope_missing');
  });
});

describe('veriqueue receiver', { timeout: 180_000 }, () => {
  test('adds, lists, sets, pauses, resumes, rotates and removes one', async () => {
    const { client, own, ofOthers } = await managingClient();
    const type = ['--type', 'verification.completed'];
    const made = await runJson<CreatedEndpoint>(
      [
        'receiver',
        'add',
        beside.url,
        ...type,
        '--rate',
        '50',
        '--header',
        `x-gateway-token=${file('token')}`,
      ],
      own,
    );
    expect(made).toMatchObject({ url: beside.url, types: ['verification.completed'], ratePerSecond: 50 });
    beside.trust(made.secret);
    const first = await submitAs(chain, client);
    await beside.eventOf(first.id, 60_000);
    const delivered = beside.deliveries.find(({ event }) => event.data.id === first.id);
    expect(delivered?.headers['x-gateway-token']).toBe(TOKEN);

    const listed = async () => runCli(['receiver', 'list'], own);
    expect((await listed()).stdout).toMatch(new RegExp(`^${made.id} +http://\\S+ +active `, 'm'));
    expect((await runCli(['receiver', 'pause', made.id], own)).stdout).toContain('is paused');
    expect((await listed()).stdout).toMatch(new RegExp(`^${made.id} +http://\\S+ +disabled `, 'm'));
    const second = await submitAs(chain, client);
    await chain.receiver.eventOf(second.id, 60_000);
    const rotated = await runJson<{ id: string; secret: string; previousSignsUntil: string }>(
      ['receiver', 'rotate-secret', made.id],
      own,
    );
    expect(rotated.id).toBe(made.id);
    beside.trust(rotated.secret);
    expect((await runCli(['receiver', 'resume', made.id], own)).stdout).toContain('is resumed');
    await beside.eventOf(second.id, 60_000);
    // A worker acts on a change within two seconds: the events before that may have one signature.
    const isSignedTwice = async () => {
      const { id } = await submitAs(chain, client);
      await beside.eventOf(id, 60_000);
      const signed = beside.deliveries.find(({ event }) => event.data.id === id);
      expect(signed?.headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+$/);
    };
    await vi.waitFor(isSignedTwice, { timeout: 60_000 });

    const changed = await runJson<Endpoint>(
      [
        'receiver',
        'set',
        made.id,
        '--type',
        'verification.failed',
        'delivery.dead',
        '--no-rate',
        '--no-auth',
      ],
      own,
    );
    expect(changed).toMatchObject({ ratePerSecond: null, auth: null, url: beside.url });
    expect([...changed.types].sort()).toEqual(['delivery.dead', 'verification.failed']);
    expect((await runCli(['receiver', 'set', made.id], own)).code).toBe(2);
    const moved = await runCli(['receiver', 'set', made.id, '--to', `${beside.url}/other`], own);
    expect(moved.stdout).toContain(`${beside.url}/other`);

    const remove = ['receiver', 'remove', made.id];
    expect((await runCli(remove, own)).code).toBe(2);
    expect((await runCli([...remove, '--dry-run'], own)).stdout).toContain(`Would remove ${made.id}`);
    expect(await runJson([...remove, '--yes'], own)).toEqual({ id: made.id, status: 'removed' });
    expect((await listed()).stdout).toBe('No receivers beside the callback.\n');
    for (const command of ['pause', 'rotate-secret', 'test']) {
      expect((await runCli(['receiver', command, made.id], own)).stderr).toContain('404 not_found');
    }
    expect((await runCli(['receiver', 'list'], ofOthers)).stderr).toContain('403 scope_missing');
  });

  test.each([
    [['add', 'ftp://hooks.example.com/'], 1, '/url must be an https URL'],
    [['add', 'https://hooks.example.com/', '--type', 'lane.suspended'], 2, 'lane.suspended'],
    [['add', 'https://hooks.example.com/', '--rate', '0'], 2, '0.1 to 1000'],
    [['rotate-secret', '../callback'], 1, 'The id of an endpoint must be'],
    [['set', `ep_${'0'.repeat(26)}`, '--rate', '5'], 1, '404 not_found'],
  ])('refuses %j', async (args, code, message) => {
    const { own } = await managingClient();
    const refused = await runCli(['receiver', ...args], own);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
