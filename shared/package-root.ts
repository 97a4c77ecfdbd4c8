import { existsSync } from 'node:fs';

/** The folder of package.json, which lies further up from a build than from the sources. */
export function findPackageRoot(from: URL = new URL('.', import.meta.url)): URL {
  if (existsSync(new URL('package.json', from))) return from;
  const above = new URL('..', from);
  if (above.href === from.href) throw new Error('No package.json lies in or above the folder of the program');
  return findPackageRoot(above);
}
