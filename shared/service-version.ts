import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { findPackageRoot } from './package-root.ts';

/** The version in package.json. */
export function readServiceVersion(): string {
  const file = new URL('package.json', findPackageRoot());
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
