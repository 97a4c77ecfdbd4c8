import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const NO_SOURCE = ['node_modules', 'dist', '.data', '.git', 'coverage'];

/** The Lua files of this tree, from its root. */
export function listLuaFiles(): string[] {
  return readdirSync(root)
    .filter((name) => !NO_SOURCE.includes(name) && !name.includes('.'))
    .flatMap((folder) => {
      const below = listBelow(folder).filter((path) => path.endsWith('.lua'));
      return below.map((path) => `${folder}/${path}`);
    });
}

/** Those of the program; tests and benches have a few of their own. */
export function listShippedLuaFiles(): string[] {
  return listLuaFiles().filter((path) => !/^(test|bench)\//.test(path));
}

function listBelow(folder: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  } catch (error) {
    // A file, such as LICENSE.
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [];
    throw error;
  }
}
