import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const shared = join(import.meta.dirname, '../shared');

/** Puts the Lua scripts into a build, where the compiler leaves them out. */
export async function copyLuaScripts(folder: string): Promise<void> {
  for (const path of await readdir(shared, { recursive: true })) {
    if (!path.endsWith('.lua')) continue;
    const target = join(folder, 'shared', path);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(shared, path), target);
  }
}
