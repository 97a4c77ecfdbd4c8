import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

/** The version in package.json, which stands further up from a build than from the sources. */
export function readServiceVersion(from: URL = new URL('.', import.meta.url)): string {
  const file = new URL('package.json', from);
  if (existsSync(file)) {
    return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
  }
  const above = new URL('..', from);
  if (above.href === from.href) throw new Error('No package.json lies in or above the folder of the program');
  return readServiceVersion(above);
}
