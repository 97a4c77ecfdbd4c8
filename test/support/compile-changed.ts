import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** A change to the sources: by path, a text that stands there once and what it becomes. */
export type SourceChange = Readonly<Record<string, readonly [from: string, to: string]>>;

/** What the build compiles. */
const PROGRAM = ['cli', 'client', 'producer', 'sandbox', 'shared', 'worker'];

/**
 * Compiles a copy of the program in which something is changed.
 *
 * @returns the files in which the compiler finds errors, sorted
 */
export async function compileChanged(change: SourceChange): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-changed-'));
  try {
    await copySources(folder);
    for (const [path, [from, to]] of Object.entries(change)) {
      const text = await readFile(join(folder, path), 'utf8');
      if (text.split(from).length !== 2)
        throw new Error(`Cannot change ${path}: it must hold this text once: ${from}`);
      await writeFile(join(folder, path), text.replace(from, to));
    }
    return await listFaultyFiles(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copySources(folder: string): Promise<void> {
  await Promise.all([
    symlink(join(root, 'node_modules'), join(folder, 'node_modules')),
    ...[...PROGRAM, 'package.json', 'tsconfig.json', 'tsconfig.build.json'].map((name) =>
      cp(join(root, name), join(folder, name), { recursive: true }),
    ),
  ]);
}

async function listFaultyFiles(folder: string): Promise<readonly string[]> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const args = [compiler, '--noEmit', '--pretty', 'false', '--project', 'tsconfig.build.json'];
  const output = await run(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 }).then(
    () => '',
    (error: unknown) => {
      if (error instanceof Error && 'stdout' in error) return String(error.stdout);
      throw error;
    },
  );
  const files = [...output.matchAll(/^(\S+)\(\d+,\d+\): error /gm)].map(([, file = '']) => file);
  return [...new Set(files)].sort();
}
