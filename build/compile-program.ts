import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { copyLuaScripts } from './copy-lua-scripts.ts';

const root = join(import.meta.dirname, '..');
const run = promisify(execFile);

/**
 * Compiles the program of a project file into a folder, Lua scripts included. The compiler does not look for errors in types:
 * `npm run check` does.
 *
 * @param project a tsconfig.json, from the checkout on
 * @throws Error with the compiler's output
 */
export async function compileProgram(project: string, folder: string): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noCheck', '--declaration', 'false', '--pretty', 'false', '--outDir', folder];
  await run(process.execPath, [compiler, '-p', project, ...options], { cwd: root });
  await copyLuaScripts(folder);
}
