import type { TestProject } from 'vitest/node';
import { findTestRedis } from './redis-binary.ts';

/**
 * Looks for a Redis once for all files. Nothing is installed unless VERIQUEUE_INSTALL_REDIS=yes asks for it, and then here, before
 * test files that run side by side would do it at the same time.
 */
export async function setup(project: TestProject): Promise<void> {
  const redis = await findTestRedis();
  project.provide('hasRedis', redis.kind !== 'missing');
  if (redis.kind === 'missing') process.stderr.write(`${redis.message}\n\n`);
}
