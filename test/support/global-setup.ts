import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { COMPILED_FOLDER } from './compiled-program.ts';
import { findTestRedis } from './redis-binary.ts';

/**
 * Looks for a Redis once for all files. Nothing is installed unless VERIQUEUE_INSTALL_REDIS=yes asks for it, and then here, before
 * test files that run side by side would do it at the same time.
 *
 * @returns removes what the run has compiled
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const redis = await findTestRedis();
  project.provide('hasRedis', redis.kind !== 'missing');
  if (redis.kind === 'missing') process.stderr.write(`${redis.message}\n\n`);
  // In the checkout, where packages and package.json are found from it.
  const compiled = join(import.meta.dirname, '../../.data/test', randomUUID());
  process.env[COMPILED_FOLDER] = compiled;
  return () => rm(compiled, { recursive: true, force: true });
}
