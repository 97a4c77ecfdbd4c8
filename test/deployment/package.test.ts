import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { listLuaFiles } from '../support/lua-files.ts';
import { makePerson } from '../support/person.ts';
import { root } from './built-program.ts';
import { codeBlocks, readDocument, section } from './documents.ts';
import { installPackedClient, type PackedClient } from './packed-client.ts';

const guide = section(readDocument('docs/client.md'), '## From an empty folder to a verdict');
const [installing = '', using = ''] = codeBlocks(guide, 'sh');
const [example = ''] = codeBlocks(guide, 'ts');
const commandsOf = (block: string) => block.split('\n').filter((line) => line !== '');

let application: PackedClient;
let chain: Chain;

beforeAll(async () => {
  const commands = commandsOf(installing).filter((line) => !line.includes('--save-dev'));
  [application, chain] = await Promise.all([installPackedClient(commands), startChain()]);
}, 180_000);
afterAll(async () => {
  await application?.remove();
  await chain?.stop();
});

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin: Readonly<Record<string, string>>;
}

async function readManifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(application.folder, 'node_modules/veriqueue/package.json'), 'utf8'));
}

describe('the package', () => {
  it('holds every file that it promises', async () => {
    const { exports, bin } = await readManifest();
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const promised = [...targets, ...Object.values(bin)].map((path) => path.replace(/^\.\//, ''));
    expect(promised.length).toBeGreaterThan(3);
    expect(application.files).toEqual(expect.arrayContaining(promised));
  });

  it('holds what was built, and nothing else of the checkout', () => {
    const top = [...new Set(application.files.map((path) => path.split('/')[0]))].toSorted();
    expect(top).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'dist', 'package.json']);
    expect(application.files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(existsSync(join(root, 'dist'))).toBe(false);
  });

  it('brings every Lua script', () => {
    expect(application.files).toEqual(expect.arrayContaining(listLuaFiles().map((path) => `dist/${path}`)));
  });

  it('brings the command line', async () => {
    expect(await application.run('npx --no-install veriqueue --help')).toContain('Usage: veriqueue');
  });
});

describe('what docs/client.md tells a newcomer to do', () => {
  it('shows the example as it is', async () => {
    expect(example).toBe(await readFile(join(root, 'examples/client/verify-person.mts'), 'utf8'));
  });

  it('submits a photo, and prints the verdict from the verified webhook', async () => {
    const port = await findFreePort();
    await copyFile(join(root, 'samples/robot-480x640.jpg'), join(application.folder, 'photo.jpg'));
    await writeFile(join(application.folder, 'verify-person.mts'), example.replaceAll('4000', String(port)));
    const commands = commandsOf(using).filter((line) => !line.startsWith('export '));
    expect(commands).toHaveLength(2);
    const printed = await application.run(commands.join('\n'), {
      VERIQUEUE_URL: chain.url,
      VERIQUEUE_API_KEY: chain.client.apiKey,
      WEBHOOK_SECRET: chain.client.webhookSecret,
    });
    expect(printed).toMatch(/^ver_\w+ queued\nverification\.completed order-19 match\n$/);
  });
});

const typedUses = `
import { Veriqueue, verifyWebhook, type Verification } from 'veriqueue/client';
const veriqueue = new Veriqueue({ url: 'http://127.0.0.1:1', apiKey: 'vq_' });
const person = { idCard: '', name: '', photo: new Uint8Array() };
export const cancelled: Verification = await veriqueue.cancel('ver_1');
export const erased: null = await veriqueue.cancel('ver_1', { erase: true });
export const verdict: 'match' | 'no_match' | 'unverifiable' | 'error' | undefined =
  (await veriqueue.waitFor('ver_1')).outcome?.verdict;
for await (const { reference } of veriqueue.list({ status: 'held' })) void reference?.length;
const event = verifyWebhook('', new Headers(), ['whsec_']);
if (event.type === 'webhook.test') void event.data.clientId;
else void event.data.outcome?.sim?.toFixed();
// @ts-expect-error: not every event is about a verification
void event.data.outcome;
// @ts-expect-error: no name
await veriqueue.submit({ idCard: '', photo: '' });
// @ts-expect-error: no such priority
await veriqueue.submit({ ...person, priority: 'now' });
// @ts-expect-error: no such status
veriqueue.list({ status: 'done' });
`;

const submitAlone = `
import { createRequire } from 'node:module';
import { Veriqueue } from 'veriqueue/client';
const [url, apiKey, idCard, photo] = process.argv.slice(2);
const veriqueue = new Veriqueue({ url, apiKey });
const { verification } = await veriqueue.submit({ idCard, name: '测试甲', photo });
const required = createRequire(import.meta.url)('veriqueue/client');
const others = ['zod', 'ioredis', 'bullmq', 'fastify', 'pino', 'undici'].map((name) =>
  import(name).then(() => name, ({ code }) => code),
);
const found = [...new Set(await Promise.all(others))];
console.log(verification.status, required.Veriqueue === Veriqueue, ...found);
`;

describe('veriqueue/client', () => {
  it('has types that hold under --strict, and need nothing of the server', async () => {
    await writeFile(join(application.folder, 'typed.mts'), typedUses);
    const options = '--strict --exactOptionalPropertyTypes --noEmit --module nodenext --target es2023';
    const listed = await application.run(`npx tsc ${options} --types node --listFiles typed.mts`);
    const packages = listed
      .split('\n')
      .map((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? '')
      .filter((name) => name !== '' && !/^(@types\/node|undici-types|@?typescript(\/.*)?)$/.test(name));
    expect([...new Set(packages)].toSorted()).toEqual(['veriqueue', 'zod']);
  });

  it('runs where there is nothing but it and standardwebhooks', async () => {
    const alone = join(application.folder, '../alone');
    const [from, to] = [join(application.folder, 'node_modules'), join(alone, 'node_modules')];
    await mkdir(to, { recursive: true });
    await cp(join(from, 'veriqueue'), join(to, 'veriqueue'), { recursive: true });
    await symlink(join(from, 'standardwebhooks'), join(to, 'standardwebhooks'));
    await writeFile(join(alone, 'submit.mjs'), submitAlone);
    const photo = join(root, 'samples/robot-240x320.jpg');
    const args = [chain.url, chain.client.apiKey, makePerson().idCard, photo];
    const printed = await application.run(`node ../alone/submit.mjs ${args.join(' ')}`);
    expect(printed).toBe('queued true ERR_MODULE_NOT_FOUND\n');
  });
});

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
