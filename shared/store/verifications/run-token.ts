import { randomBytes } from 'node:crypto';

/**
 * Names one run of a job, or one call to the upstream: 12 characters, never the same twice. A process id would not do, since
 * one process may run the same job again after it lost its lock.
 */
export function makeRunToken(): string {
  return randomBytes(9).toString('base64url');
}
