import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** `npm start` in a pipe, with its data in `folder`, on free ports. */
export function spawnStart(
  folder: string,
  settings: Readonly<Record<string, string>> = {},
): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, ['--enable-source-maps', 'build/run.js', 'dev/start/main'], {
    cwd: root,
    env: { PATH: process.env['PATH'], VERIQUEUE_DATA_DIR: folder, PORT: '0', SANDBOX_PORT: '0', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
