import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClient } from '../../client/build/build-client.ts';
import { type BuiltProgram, buildProgram, root } from '../deployment/built-program.ts';

/** A folder that looks like a fresh clone after `npm ci` and a build, for a reader to work in. */
export interface Checkout {
  readonly folder: string;
  /** First on the reader's PATH. */
  readonly bin: string;
  remove(): Promise<void>;
}

/** Not part of a clone, or put there by us. */
const LEFT_OUT = ['.git', '.data', 'dist', 'node_modules', 'bin'];

/** As npm links it in a project that has installed the package; `npx` costs a second more each time. */
const SHIMS = {
  veriqueue: (folder: string) => `exec "${process.execPath}" "${join(folder, 'bin/veriqueue.js')}" "$@"`,
  npx: () => 'command=$1; shift; exec "$command" "$@"',
  tsx: () => `exec "${process.execPath}" --import tsx "$@"`,
  // Valkey's does the same where it stands in for Redis.
  'redis-cli': () =>
    `PATH=$(echo ":$PATH:" | sed "s|:$(dirname "$0"):|:|")
exec "$(command -v redis-cli || command -v valkey-cli)" "$@"`,
};

export async function makeCheckout(): Promise<Checkout> {
  const program = await buildProgram();
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-reader-'));
  try {
    return await fill(program, folder);
  } catch (error) {
    await Promise.all([program.remove(), rm(folder, { recursive: true, force: true })]);
    throw error;
  }
}

async function fill(program: BuiltProgram, folder: string): Promise<Checkout> {
  const entries = (await readdir(root)).filter((entry) => !LEFT_OUT.includes(entry));
  const packages = (await readdir(join(root, 'node_modules'))).filter((entry) => entry !== '@veriqueue');
  const [modules, bin] = [join(folder, 'node_modules'), join(folder, '.shims')];
  const client = join(modules, '@veriqueue/client');
  await Promise.all([mkdir(client, { recursive: true }), mkdir(bin)]);
  await Promise.all([
    ...entries.map((entry) => symlink(join(root, entry), join(folder, entry))),
    ...packages.map((entry) => symlink(join(root, 'node_modules', entry), join(modules, entry))),
    symlink(join(program.folder, 'dist'), join(folder, 'dist')),
    // Not the workspace itself, whose build would be left in this checkout.
    copyFile(join(root, 'client/package.json'), join(client, 'package.json')),
    buildClient(join(client, 'dist')),
    // Copied, so that it finds the build beside it.
    cp(join(root, 'bin'), join(folder, 'bin'), { recursive: true }),
    ...Object.entries(SHIMS).map(async ([name, script]) => {
      await writeFile(join(bin, name), `#!/usr/bin/env bash\n${script(folder)}\n`);
      await chmod(join(bin, name), 0o755);
    }),
  ]);
  return {
    folder,
    bin,
    remove: async () => {
      await Promise.all([program.remove(), rm(folder, { recursive: true, force: true })]);
    },
  };
}
