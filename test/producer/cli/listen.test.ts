import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Chain, startChain } from '../../support/chain.ts';
import { runCli, runJson, startCli } from './run-cli.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({ workers: 0 });
});
afterAll(() => chain.stop());

describe('veriqueue listen and deliveries test', () => {
  it('show a signed test event from both ends', async () => {
    const client = await chain.addClient();
    const listener = startCli(['listen', '--port', '0', '--secret', client.webhookSecret], {});
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
    expect(stderr).toContain('Cannot verify events: --secret must be given, or npm start must have run here');

    const client = await chain.addClient();
    await writeFile(join(folder, 'dev-client.json'), JSON.stringify(client));
    const listener = startCli(['listen', '--port', '0'], environment);
    const { listening } = await listener.nextLine<{ listening: string }>();
    await runJson(['deliveries', 'test', '--client', client.clientId, '--url', listening], environment);
    expect(await listener.nextLine()).toMatchObject({ result: 'verified' });
    expect(await listener.interrupt()).toBe(0);
  });

  it('fail on a wrong secret, and tell why on both sides', async () => {
    const [client, other] = await Promise.all([chain.addClient(), chain.addClient()]);
    const listener = startCli(['listen', '--port', '0', '--secret', other.webhookSecret], {});
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
