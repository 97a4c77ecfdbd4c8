import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileProgram } from '../../build/compile-program.ts';
import { nodeOptions } from '../../dev/start/child.ts';

const root = join(import.meta.dirname, '../..');

/** Set for a run of the tests: where the compiled program lies once a test file has asked for it. */
export const COMPILED_FOLDER = 'TEST_COMPILED_FOLDER';

/**
 * An entry point of the program as its sources are now. In a run of the tests it is compiled, once, by the first file that asks:
 * starting it then takes half the CPU time that tsx needs, and the tests start hundreds of processes. The compiler does not look
 * for errors: `npm run check` does. Elsewhere, as in a benchmark, it is the source.
 *
 * @param entry its path without extension, such as `cli/main`
 */
export async function programEntry(entry: string): Promise<URL> {
  const folder = process.env[COMPILED_FOLDER];
  if (folder === undefined) return pathToFileURL(join(root, `${entry}.ts`));
  if (!existsSync(folder)) await compileInto(folder);
  return pathToFileURL(join(folder, `${entry}.js`));
}

/**
 * What `node` is given to run an entry point of the program.
 *
 * @example `spawn(process.execPath, await programArguments('worker/main'))`
 */
export async function programArguments(entry: string): Promise<string[]> {
  const url = await programEntry(entry);
  return [...nodeOptions(url), fileURLToPath(url)];
}

/** Another test file may be doing the same: the first to finish gives its work the name. */
async function compileInto(folder: string): Promise<void> {
  const draft = `${folder}-${process.pid}`;
  await compileProgram('tsconfig.build.json', draft);
  await rename(draft, folder).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  });
}
