import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findOutsideTool } from '../support/outside-tool.ts';
import { type BuiltProgram, buildProgram } from './built-program.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram();
}, 120_000);
afterAll(() => program?.remove());

/** Runs a command as process 1 of a namespace of its own, as an engine without an init does. */
const AS_FIRST = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'] as const;
const [unshare, ...unshareOptions] = AS_FIRST;
const mayUnshare = findOutsideTool(
  unshare,
  [...unshareOptions, 'true'],
  'Linux with user namespaces, as for rootless containers',
).isPresent;

/** The child of `unshare` once it runs Node.js; null before that, when a signal would end `unshare`, and after its end. */
function childOf(pid: number): number | null {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (children === '') return null;
    const [program] = readFileSync(`/proc/${children}/cmdline`, 'utf8').split('\0');
    return program === process.execPath ? Number(children) : null;
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

/** No such process, or no such file of one. */
const isGone = (error: unknown) =>
  ['ENOENT', 'ESRCH'].includes(String((error as NodeJS.ErrnoException).code));

/** Everything that the process needs is set, and nothing of it exists: it must end before it looks for it. */
const environment = {
  PATH: process.env['PATH'] ?? '',
  REDIS_URL: 'redis://127.0.0.1:1',
  VERIQUEUE_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
  TENCENTCLOUD_SECRET_ID: 'id',
  TENCENTCLOUD_SECRET_KEY: 'key',
  PORT: '0',
  SANDBOX_PORT: '0',
};

function sendSigterm(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    // It has ended meanwhile.
    if (!isGone(error)) throw error;
  }
}

/**
 * Starts a process and asks it to stop all the time, because the kernel drops what process 1 has no handler for.
 *
 * @returns what it printed until its end
 */
async function stopAtOnce(entry: string): Promise<{ how: string; output: string }> {
  const parent = spawn(unshare, [...unshareOptions, process.execPath, '--enable-source-maps', entry], {
    cwd: program.folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [parent.stdout, parent.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const exited = once(parent, 'close');
  while (parent.exitCode === null && parent.signalCode === null) {
    const child = childOf(parent.pid ?? 0);
    if (child !== null) sendSigterm(child);
    await sleep(5);
  }
  const [code, signal] = await exited;
  // Node.js itself ends by the signal while it starts, where the kernel lets it.
  return { how: signal === 'SIGTERM' || code === 0 ? 'stopped' : `ended with ${signal ?? code}`, output };
}

describe.skipIf(!mayUnshare)('process 1 that is stopped while it starts', () => {
  it.each(['producer', 'worker', 'sandbox'])(
    'ends before it has read its settings: %s',
    async (name) => {
      expect(await stopAtOnce(`dist/${name}/main.js`)).toEqual({ how: 'stopped', output: '' });
    },
    60_000,
  );
});
