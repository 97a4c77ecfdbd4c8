import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { jsonText } from '../../shared/contract/json-text.ts';
import { CommandFailure } from '../command-failure.ts';

const holderFile = jsonText(z.object({ pid: z.number(), host: z.string() }));

/**
 * Keeps a second run from the same journal. The file names its process: one that was killed leaves it behind, and is
 * seen to be gone.
 *
 * @returns what unlocks it
 * @throws {CommandFailure} when it is held, or was by a process of another machine
 */
export async function lockBatch(path: string): Promise<{ close(): Promise<void> }> {
  const holder = JSON.stringify({ pid: process.pid, host: hostname() });
  const take = () => writeFile(path, holder, { flag: 'wx', mode: 0o600 });
  try {
    await take();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    await assertGone(path);
    await rm(path, { force: true });
    await take();
  }
  return { close: () => rm(path, { force: true }) };
}

async function assertGone(path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const parsed = holderFile.safeParse(text);
  // Unreadable: killed while it was written.
  if (!parsed.success) return;
  const { pid, host } = parsed.data;
  if (host === hostname() && (pid === process.pid || !isRunning(pid))) return;
  throw new CommandFailure(`Process ${pid} on ${host} is running this batch. If it is gone, delete ${path}`);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // The process of another user is one all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
