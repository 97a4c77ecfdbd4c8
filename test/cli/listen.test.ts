import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { findOutsideTool } from '../support/outside-tool.ts';
import { runCli, runJson, startCli, startPlainCli } from './run-cli.ts';

const ps = findOutsideTool('ps', ['--version'], 'apt-get install procps');

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain.stop());

/** In a file with a byte order mark and a line end, as editors leave them. */
async function writeSecret(secret: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-secret-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'secret');
  await writeFile(path, `\uFEFF${secret}\r\n`);
  return path;
}

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;

async function post(url: string, event: object): Promise<number> {
  const body = JSON.stringify(event);
  const [id, now] = ['evt_1', new Date()];
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, now, body),
  };
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

describe('veriqueue listen', () => {
  const hostile = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\nREFUSED\u202e';
  const outcome = { verdict: hostile, code: 'Success', action: 'none' };
  const event = {
    type: `verification.completed${hostile}`,
    data: { id: 'ver_1', reference: hostile, outcome },
  };

  it('prints no control character of an event, on one line', async () => {
    const listener = startPlainCli(['listen', '--port', '0'], { VERIQUEUE_WEBHOOK_SECRET: secret });
    const [, url = ''] = /Listening at (\S+);/.exec(await listener.nextText()) ?? [];
    expect(await post(url, event)).toBe(204);
    const line = await listener.nextText();
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line).toContain('reference \\u001b]0;owned\\u0007\\u001b[2J\\u009b31m REFUSED\\u202e');
    expect(await listener.interrupt()).toBe(0);
  });

  it('prints the same event as JSON without any, and without a change', async () => {
    const listener = startCli(['listen', '--port', '0'], { VERIQUEUE_WEBHOOK_SECRET: secret });
    const { listening } = await listener.nextLine<{ listening: string }>();
    expect(await post(listening, event)).toBe(204);
    const line = await listener.nextText();
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(JSON.parse(line)).toMatchObject({ event });
    expect(await listener.interrupt()).toBe(0);
  });

  it.skipIf(!ps.isPresent)(
    'hides a secret that was given as an argument all the same, and warns',
    async () => {
      const listener = startPlainCli(['listen', '--port', '0', '--secret', secret], {});
      await listener.nextText();
      const { output } = await ps.run(['-ww', '-o', 'args=', '-p', String(listener.pid)]);
      expect(output).toMatch(/\S/);
      expect(output).not.toContain(secret);
      expect(await listener.interrupt()).toBe(0);
      expect(await listener.errors).toMatch(/^warning: --secret is deprecated.*--secret-file/);
    },
  );

  it.each(['--secret-file', '--key-file'])('does not repeat what %s named', async (option) => {
    const args =
      option === '--key-file' ? ['watch', '--url', 'http://127.0.0.1:1'] : ['listen', '--port', '0'];
    const { code, stderr } = await runCli([...args, option, `/nonexistent/${secret}`], {});
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: The file of ${option} cannot be read: ENOENT\n`,
    });
  });
});

describe('veriqueue listen and deliveries test', () => {
  it('show a signed test event from both ends', async () => {
    const client = await chain.addClient();
    const listener = startCli(['listen', '--port', '0'], {
      VERIQUEUE_WEBHOOK_SECRET: client.webhookSecret,
    });
    const { listening } = await listener.nextLine<{ listening: string }>();
    const args = ['deliveries', 'test', '--client', client.clientId, '--url', `${listening}/events`];
    const sent = await runJson<{ id: string }>(args, chain.environment);
    expect(sent).toMatchObject({ type: 'webhook.test', result: 'accepted', status: 204 });
    expect(await listener.nextLine()).toMatchObject({
      result: 'verified',
      webhookId: sent.id,
      event: { type: 'webhook.test', data: { clientId: client.clientId } },
      again: false,
    });
    expect(await listener.interrupt()).toBe(0);
  });

  it('needs no secret beside npm start, and says so where there is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'veriqueue-listen-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const environment = { ...chain.environment, VERIQUEUE_DATA_DIR: folder };
    const { code, stderr } = await runCli(['listen', '--port', '0'], environment);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'No webhook secret to verify events with. Set VERIQUEUE_WEBHOOK_SECRET, use --secret-file, or run npm start in this folder first',
    );

    const client = await chain.addClient();
    await writeFile(join(folder, 'dev-client.json'), JSON.stringify(client));
    const listener = startCli(['listen', '--port', '0'], environment);
    const { listening } = await listener.nextLine<{ listening: string }>();
    await runJson(['deliveries', 'test', '--client', client.clientId, '--url', listening], environment);
    expect(await listener.nextLine()).toMatchObject({ result: 'verified' });
    expect(await listener.interrupt()).toBe(0);
  });

  it('fail on a wrong secret, and say why on both sides', async () => {
    const [client, other] = await Promise.all([chain.addClient(), chain.addClient()]);
    const path = await writeSecret(other.webhookSecret);
    const listener = startCli(['listen', '--port', '0', '--secret-file', path], {});
    const { listening } = await listener.nextLine<{ listening: string }>();
    const args = ['deliveries', 'test', '--client', client.clientId, '--url', listening];
    const { code, stderr } = await runCli(args, chain.environment);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: The receiver did not accept the test event: status 401\n',
    });
    expect(await listener.nextLine()).toMatchObject({ result: 'refused' });
    expect(await listener.interrupt()).toBe(0);
  });

  it('refuses to send a test event into a private network', async () => {
    const client = await chain.addClient({ callbackUrl: 'https://127.0.0.1:9/events' });
    const { code, stdout } = await runCli(['deliveries', 'test', '--client', client.clientId, '--json'], {
      ...chain.environment,
      ALLOW_INSECURE_CALLBACKS: 'false',
    });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ result: 'unreachable', errorClass: 'forbidden_address' });
  });
});
