import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleConsole } from './bundle.ts';

/** `node --import tsx console/build.ts [folder]`: a part of `npm run build`. */
const folder = join(process.argv[2] ?? 'dist', 'console');

await mkdir(folder, { recursive: true });
for (const [name, contents] of await bundleConsole()) await writeFile(join(folder, name), contents);
