import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { root } from './built-program.ts';

const run = promisify(execFile);

/** This repository's packages: the server, which is its root, and the client. */
export type OwnPackage = 'veriqueue' | '@veriqueue/client';

/** An application's empty folder, into which tarballs of packages were put. */
export interface Application {
  readonly folder: string;
  /** The files of each tarball. */
  readonly files: Readonly<Partial<Record<OwnPackage, readonly string[]>>>;
  /** Runs a command there. @throws when it ends with another code than 0; the error holds what it printed */
  run(command: string, environment?: Readonly<Record<string, string>>): Promise<string>;
  remove(): Promise<void>;
}

const LEFT_OUT = [
  ...['.git', 'node_modules', 'dist', '.data', 'coverage', 'client/dist'],
  'test/interface/tools/node_modules',
];

/** npm puts the package that a script belongs to into its environment, and an npm among its children believes it. */
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
 * Packs a copy of this tree, because packing builds, and a `dist/` in the checkout would be what `bin/` runs from then on.
 *
 * @param packages whose tarballs the application gets
 */
export async function createApplication(packages: readonly OwnPackage[]): Promise<Application> {
  const place = await mkdtemp(join(tmpdir(), 'veriqueue-packed-'));
  const remove = () => rm(place, { recursive: true, force: true });
  try {
    const folder = join(place, 'application');
    const checkout = join(place, 'checkout');
    await mkdir(folder);
    await copyCheckout(checkout);
    const files: Partial<Record<OwnPackage, readonly string[]>> = {};
    for (const name of packages) files[name] = await pack(name, checkout, folder);
    const runThere: Application['run'] = async (command, more = {}) => {
      const options = { cwd: folder, env: { ...environment, ...quick, ...more } };
      return (await run('bash', ['-euo', 'pipefail', '-c', command], options)).stdout;
    };
    return { folder, files, run: runThere, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function copyCheckout(checkout: string): Promise<void> {
  await cp(root, checkout, {
    recursive: true,
    filter: (source) => !LEFT_OUT.includes(relative(root, source)),
  });
  await symlink(join(root, 'node_modules'), join(checkout, 'node_modules'));
}

async function pack(name: OwnPackage, checkout: string, destination: string): Promise<string[]> {
  const options = { cwd: checkout, env: environment, maxBuffer: 16 * 1024 * 1024 };
  const which = name === 'veriqueue' ? [] : ['--workspace', name];
  const args = ['pack', ...which, '--json', '--foreground-scripts=false', '--pack-destination', destination];
  const { stdout } = await run('npm', args, options);
  const [packed] = Object.values(JSON.parse(stdout) as Readonly<Record<string, PackReport>>);
  return packed?.files.map(({ path }) => path) ?? [];
}

interface PackReport {
  readonly files: readonly { readonly path: string }[];
}

/**
 * Before an application installs the server: the versions that are tested here and not the newest ones, which are also
 * those that npm has in its cache already.
 */
export async function pinVersions({ folder }: Application): Promise<void> {
  const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; link?: boolean }>;
  };
  const own = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  const needed = Object.entries(packages).filter(
    ([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link,
  );
  const lock = { lockfileVersion: 3, requires: true, packages: { '': own, ...Object.fromEntries(needed) } };
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

/** In the place of `npm install --save-dev typescript @types/node`, which would fetch them. */
export async function linkCompiler({ folder }: Application): Promise<void> {
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  for (const name of ['typescript', '@types/node', 'undici-types']) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name)).catch((error: unknown) => {
      // The server's dependencies may have brought it.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  }
  await symlink('../typescript/bin/tsc', join(modules, '.bin/tsc'));
}
