import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleConsole } from './bundle.ts';

/** Puts the console's page into a build, where the producer looks for it. */
export async function writePage(folder: string): Promise<void> {
  const target = join(folder, 'console');
  await mkdir(target, { recursive: true });
  for (const [name, contents] of await bundleConsole()) await writeFile(join(target, name), contents);
}
