import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** `node --import tsx build/copy-lua.ts [folder]`: a part of `npm run build`, which the compiler leaves out. */
const folder = process.argv[2] ?? 'dist';

for (const path of await readdir('shared', { recursive: true })) {
  if (!path.endsWith('.lua')) continue;
  const target = join(folder, 'shared', path);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join('shared', path), target);
}
