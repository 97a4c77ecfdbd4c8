import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { root } from './built-program.ts';

const run = promisify(execFile);

/** An application of somebody else's, in which the packed package is installed. */
export interface PackedClient {
  /** The application's folder. */
  readonly folder: string;
  /** The files of the tarball. */
  readonly files: readonly string[];
  /** Runs a command there. @throws when it ends with another code than 0; the error holds what it printed */
  run(command: string, environment?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

const LEFT_OUT = ['.git', 'node_modules', 'dist', '.data', 'coverage'];

/** npm tells its scripts about the package they belong to, and an npm among them believes it. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|command|config_(local|global)?_?prefix)/i.test(name),
  ),
);

const quick = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_ignore_scripts: 'true',
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
};

/**
 * Packs a copy of this tree, because packing builds, and a `dist/` in the checkout would be what `bin/` runs from then on;
 * and installs the tarball into an empty folder by the commands given.
 */
export async function installPackedClient(commands: readonly string[]): Promise<PackedClient> {
  const place = await mkdtemp(join(tmpdir(), 'veriqueue-packed-'));
  const remove = () => rm(place, { recursive: true, force: true });
  try {
    return { ...(await install(place, commands)), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function install(place: string, commands: readonly string[]): Promise<Omit<PackedClient, 'remove'>> {
  const folder = join(place, 'application');
  const runThere: PackedClient['run'] = async (command, more = {}) => {
    const options = { cwd: folder, env: { ...environment, ...quick, ...more } };
    return (await run('bash', ['-euo', 'pipefail', '-c', command], options)).stdout;
  };
  await mkdir(folder);
  const files = await pack(join(place, 'checkout'), folder);
  for (const command of commands) {
    await runThere(command);
    if (command.startsWith('npm init')) await pinVersions(folder);
  }
  await linkCompiler(folder);
  return { folder, files, run: runThere };
}

async function pack(checkout: string, destination: string): Promise<string[]> {
  await cp(root, checkout, {
    recursive: true,
    filter: (source) => !LEFT_OUT.includes(relative(root, source)),
  });
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
  const options = { cwd: checkout, env: environment, maxBuffer: 16 * 1024 * 1024 };
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', destination];
  const { stdout } = await run('npm', args, options);
  const [packed] = Object.values(JSON.parse(stdout) as Readonly<Record<string, PackReport>>);
  return packed?.files.map(({ path }) => path) ?? [];
}

interface PackReport {
  readonly files: readonly { readonly path: string }[];
}

/** The versions that are tested here and not the newest ones, which are also those that npm has in its cache already. */
async function pinVersions(folder: string): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const own = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
  const lock = { lockfileVersion: 3, requires: true, packages: { '': own, ...Object.fromEntries(needed) } };
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

/** In the place of `npm install --save-dev typescript @types/node`: the one would be fetched, the other came along. */
async function linkCompiler(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  await symlink(join(root, 'node_modules/typescript'), join(modules, 'typescript'));
  await symlink('../typescript/bin/tsc', join(modules, '.bin/tsc'));
}
