import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** The folder that holds package.json. */
export const root = join(import.meta.dirname, '../..');

/** The program as the image holds it: `dist/`, package.json and node_modules in one folder. */
export interface BuiltProgram {
  readonly folder: string;
  /** Starts one entry point and waits until it says where it listens. */
  start(entry: string, environment: Readonly<Record<string, string>>): Promise<RunningPart>;
  /** Runs one entry point to its end. */
  run(entry: string, environment: Readonly<Record<string, string>>, args?: readonly string[]): Promise<Ended>;
  /** The same where packages, or all of a scope, are not installed. Removed with this one. */
  without(packages: readonly string[]): Promise<Pick<BuiltProgram, 'start'>>;
  /** Ends what still runs and removes the folder. */
  remove(): Promise<void>;
}

export interface RunningPart {
  readonly url: string;
  /** What it has printed so far. */
  readonly lines: readonly string[];
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Does what `npm run build` does, into a folder of its own. */
export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-built-'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [
    compiler,
    ...['-p', join(root, 'tsconfig.build.json')],
    ...['--outDir', join(folder, 'dist')],
  ]);
  for (const step of ['build/copy-lua.ts', 'console/build.ts']) {
    const args = ['--import', 'tsx', join(root, step), join(folder, 'dist')];
    await promisify(execFile)(process.execPath, args, { cwd: root });
  }
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const children: ChildProcess[] = [];
  const folders = [folder];

  const launch = (
    entry: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    cwd = folder,
  ) => {
    const child = spawn(process.execPath, ['--enable-source-maps', entry, ...args], {
      cwd,
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    return { child, exited: once(child, 'exit').then(([code]) => code as number | null) };
  };

  const startIn =
    (cwd: string): BuiltProgram['start'] =>
    async (entry, environment) => {
      const { child, exited } = launch(entry, environment, [], cwd);
      const lines: string[] = [];
      const url = await firstUrl(child, lines, exited);
      return {
        url,
        lines,
        stop: () => {
          child.kill('SIGTERM');
          return exited;
        },
      };
    };

  return {
    folder,
    start: startIn(folder),
    without: async (packages) => {
      // Beside the folder, because Node.js looks for packages above it too.
      const slim = await mkdtemp(join(tmpdir(), 'veriqueue-slim-'));
      folders.push(slim);
      for (const name of ['dist', 'package.json'])
        await cp(join(folder, name), join(slim, name), { recursive: true });
      await mkdir(join(slim, 'node_modules'));
      for (const name of await readdir(join(root, 'node_modules')))
        if (!packages.includes(name))
          await symlink(join(root, 'node_modules', name), join(slim, 'node_modules', name));
      return { start: startIn(slim) };
    },
    run: async (entry, environment, args) => {
      const { child, exited } = launch(entry, environment, args);
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      return { code: await exited, output };
    },
    remove: async () => {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(folders.map((each) => rm(each, { recursive: true, force: true })));
    },
  };
}

/** The events under which the processes log their address; the sandbox prints a sentence. */
const ADDRESS = /"event":"(?:listening|started)".*?"url":"([^"]+)"|^Sandbox listening on (\S+)/;

function firstUrl(child: ChildProcess, lines: string[], exited: Promise<number | null>): Promise<string> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      if (!stream) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        const [, logged, printed] = ADDRESS.exec(line) ?? [];
        const url = logged ?? printed;
        if (url !== undefined) resolve(url);
      });
    }
    exited.then((code) => reject(new Error(`ended with ${code}:\n${lines.join('\n')}`)), reject);
  });
}
