import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { root } from './built-program.ts';

const lockfile = z.object({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) });
type Lockfile = z.infer<typeof lockfile>;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-supply-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Judges this checkout's dependencies, or what `change` makes of them. */
async function judge(change: (lock: Lockfile, manifest: Record<string, object>) => void = () => undefined) {
  const [lock, manifest] = await Promise.all(
    ['package-lock.json', 'package.json'].map(async (file) =>
      JSON.parse(await readFile(join(root, file), 'utf8')),
    ),
  );
  const parsed = lockfile.parse(lock);
  change(parsed, manifest);
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(parsed));
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  return new Promise<{ code: number; broken: readonly string[] }>((resolve) => {
    execFile(process.execPath, [join(root, '.ci/supply-chain.mjs'), folder], (error, stdout) =>
      resolve({
        code: error === null ? 0 : Number(error.code),
        broken: stdout.split('\n').flatMap((line) => /^(?:BROKEN: | {2})(.*)/.exec(line)?.[1] ?? []),
      }),
    );
  });
}

const added = { version: '1.0.0', integrity: `sha512-${'A'.repeat(86)}==`, license: 'MIT' };
const withPackage = (entry: object) => (lock: Lockfile) => {
  lock.packages['node_modules/added'] = { ...added, ...entry };
};

describe('the dependencies', () => {
  it('keep every rule that can be held without a registry', async () => {
    expect(await judge()).toEqual({ code: 0, broken: [] });
  });

  it('may gain a package that keeps them', async () => {
    expect(await judge(withPackage({}))).toEqual({ code: 0, broken: [] });
  });

  it.each<[string, object, RegExp]>([
    ['no hash', { integrity: undefined }, /SHA-512/],
    ['a weak hash', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /SHA-512/],
    ['an address of its own', { resolved: 'https://example.com/added.tgz' }, /address of its own/],
    ['a repository', { resolved: 'git+ssh://git@example.com/added.git#0' }, /address of its own/],
    ['a dependency by address', { dependencies: { other: 'github:another/other' } }, /by version/],
    ['a dependency under another name', { dependencies: { other: 'npm:another@1.0.0' } }, /by version/],
    ['an install script', { hasInstallScript: true }, /install script/],
    ['no licence', { license: undefined }, /licence/],
    ['a licence that binds what it is shipped with', { license: 'AGPL-3.0-only' }, /licence/],
    ['a development licence in what is shipped', { license: 'MPL-2.0' }, /licence/],
    ['a newer Node.js', { engines: { node: '>=22' } }, /admits Node\.js/],
    ['another Node.js', { engines: { node: '^18.0.0 || ^22.0.0' } }, /admits Node\.js/],
  ])('may not gain one with %s', async (_what, entry, rule) => {
    const { code, broken } = await judge(withPackage(entry));
    expect(code).toBe(1);
    expect(broken).toEqual([expect.stringMatching(rule), 'node_modules/added']);
  });

  it.each([
    '>=18',
    '>= 10.x',
    '*',
    '18 || 20 || >=22',
    '^20.19.0 || >=22.12.0',
    '>=16 || 14 >=14.17',
    '~20.19.0',
  ])('may gain one for Node.js %s', async (node) => {
    expect(await judge(withPackage({ engines: { node } }))).toEqual({ code: 0, broken: [] });
  });

  it('may not gain a link to anything but a package of this repository', async () => {
    const { broken } = await judge(withPackage({ resolved: '../elsewhere', link: true }));
    expect(broken).toEqual([expect.stringMatching(/address of its own/), 'node_modules/added']);
  });

  it('stay those of the server: the client gains none', async () => {
    const { code, broken } = await judge((lock) => {
      lock.packages['client'] = { ...lock.packages['client'], dependencies: { zod: '^4.0.0' } };
    });
    expect({ code, broken }).toEqual({ code: 1, broken: ['the client has no dependency', 'client'] });
  });

  it('are named by version in package.json too', async () => {
    const { broken } = await judge((_, manifest) => {
      manifest['dependencies'] = { ...manifest['dependencies'], zod: 'https://example.com/zod.tgz' };
    });
    expect(broken).toEqual([expect.stringMatching(/by version/), 'zod']);
  });
});
