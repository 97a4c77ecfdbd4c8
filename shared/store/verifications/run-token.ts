import { randomUUID } from 'node:crypto';

/**
 * Names one run of a job, or one call to the upstream: 12 characters, never the same twice. A process id would not do, since
 * one process may run the same job again after it lost its lock.
 *
 * Of 72 random bits that Node.js has in store for its UUIDs: drawing them from the system takes four times as long, and a
 * verification takes four tokens. The fixed bits of a UUID lie between those.
 */
export function makeRunToken(): string {
  const uuid = randomUUID();
  return Buffer.from(uuid.slice(0, 8) + uuid.slice(-10), 'hex').toString('base64url');
}
