import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../support/chain.ts';
import { listShippedLuaFiles } from '../support/lua-files.ts';
import { root } from './built-program.ts';
import { codeBlocks, readDocument } from './documents.ts';
import { type Application, createApplication, linkCompiler, pinVersions } from './packed-package.ts';

let application: Application;

beforeAll(async () => {
  application = await createApplication(['veriqueue', '@veriqueue/client']);
  await application.run('npm init --yes');
  await pinVersions(application);
  await application.run('npm install ./veriqueue-0.1.0.tgz ./veriqueue-client-0.1.0.tgz');
  await linkCompiler(application);
}, 180_000);
afterAll(() => application?.remove());

interface Manifest {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
}

describe.each(['veriqueue', '@veriqueue/client'] as const)('the package %s', (name) => {
  it('holds every file that it promises', async () => {
    const text = await readFile(join(application.folder, 'node_modules', name, 'package.json'), 'utf8');
    const { exports, bin = {} } = JSON.parse(text) as Manifest;
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const promised = [...targets, ...Object.values(bin)].map((path) => path.replace(/^\.\//, ''));
    expect(promised.length).toBeGreaterThan(3);
    expect(application.files[name]).toEqual(expect.arrayContaining(promised));
  });
});

describe('the package veriqueue', () => {
  it('holds what was built, and nothing else of the checkout', () => {
    const files = application.files.veriqueue ?? [];
    const top = [...new Set(files.map((path) => path.split('/')[0]))].toSorted();
    expect(top).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'bin',
      'dist',
      'package.json',
    ]);
    expect(files.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
    expect(files.filter((path) => path.startsWith('dist/client/build'))).toEqual([]);
    expect([existsSync(join(root, 'dist')), existsSync(join(root, 'client/dist'))]).toEqual([false, false]);
  });

  it('brings every Lua script', () => {
    expect(application.files.veriqueue).toEqual(
      expect.arrayContaining(listShippedLuaFiles().map((path) => `dist/${path}`)),
    );
  });

  it('brings the command line', async () => {
    expect(await application.run('npx --no-install veriqueue --help')).toContain('Usage: veriqueue');
  });
});

const earlierUses = `
import { createRequire } from 'node:module';
import { verifyWebhook, Veriqueue, WebhookVerificationError } from 'veriqueue/client';
let refused: unknown;
try {
  const { type } = verifyWebhook('', new Headers(), 'whsec_AAAA');
  console.log(type);
} catch (error) {
  refused = error;
}
const required = createRequire(import.meta.url)('veriqueue/client');
console.log(refused instanceof WebhookVerificationError, required.Veriqueue === Veriqueue);
`;

describe('veriqueue/client, from before the client was a package', () => {
  it('still gives the event at once, with types, to import and require', async () => {
    await writeFile(join(application.folder, 'earlier.mts'), earlierUses);
    await application.run('npx tsc --strict --module nodenext --target es2023 --types node earlier.mts');
    expect(await application.run('node earlier.mjs')).toBe('true true\n');
  });
});

describe('veriqueue/producer', () => {
  const example = readDocument('examples/producer/submit-directly.mts');
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain();
  });
  afterAll(() => chain?.stop());

  it.each(['docs/library.md', 'docs/library.zh.md'])('is shown in %s by the example', (page) => {
    expect(codeBlocks(readDocument(page), 'ts')).toEqual([example]);
  });

  it('submits what a worker answers and a webhook brings, as the example shows', async () => {
    await writeFile(join(application.folder, 'submit-directly.mts'), example);
    await application.run(
      'npx tsc --strict --module nodenext --target es2023 --types node submit-directly.mts',
    );
    const { REDIS_URL = '', VERIQUEUE_KEYS = '', LANE = '' } = chain.environment;
    const environment = { REDIS_URL, VERIQUEUE_KEYS, LANE, CLIENT_ID: chain.client.clientId };
    const command = `node submit-directly.mjs ${join(root, 'samples/robot-240x320.jpg')}`;
    const [, id = ''] = /^accepted (ver_\w+)\n$/.exec(await application.run(command, environment)) ?? [];
    await expect.poll(async () => (await chain.verification(id)).delivery.status).toBe('delivered');
    expect(await chain.verification(id)).toMatchObject({
      outcome: { verdict: 'match' },
      reference: 'order-19',
    });
    expect(await application.run(command, environment)).toBe(`replayed ${id}\n`);
  });
});
