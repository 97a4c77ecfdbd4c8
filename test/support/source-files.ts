import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** The folders of the program: what its rules of layout hold for. Tests and benchmarks may look for themselves. */
const FOLDERS = ['shared', 'worker', 'producer', 'cli', 'client', 'console', 'dev', 'sandbox'];

/** The TypeScript files of the program, from the root of this tree. */
export function listSourceFiles(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.tsx?$/.test(path) && !/(?:^|\/)(?:node_modules|dist)\//.test(path))
      .map((path) => `${folder}/${path}`),
  );
}
