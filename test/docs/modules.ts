import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../deployment/built-program.ts';

/** What a reader's own project has: strict, and nothing of ours. */
const READERS_TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    types: ['node'],
  },
  include: ['**/*.ts'],
};

/** Where the modules of a page lie in the reader's checkout. */
export const modulesOf = (page: string): string => join('pages', page.replace(/\W+/g, '-'));

export async function writeModule(folder: string, page: string, name: string, text: string): Promise<void> {
  await mkdir(join(folder, modulesOf(page)), { recursive: true });
  await writeFile(join(folder, modulesOf(page), name), text);
}

/** @returns the compiler's complaints about the TypeScript of all pages, empty when there are none */
export async function checkModules(folder: string): Promise<string> {
  await mkdir(join(folder, 'pages'), { recursive: true });
  await writeFile(join(folder, 'pages/tsconfig.json'), JSON.stringify(READERS_TSCONFIG));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  return promisify(execFile)(process.execPath, [compiler, '-p', join(folder, 'pages')]).then(
    ({ stdout }) => stdout,
    ({ stdout, message }: { stdout?: string; message: string }) => stdout || message,
  );
}
