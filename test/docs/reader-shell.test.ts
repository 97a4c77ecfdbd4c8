import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openReaderShell, type ReaderShell } from './reader-shell.ts';

let folder: string;
let shell: ReaderShell;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-shell-'));
  shell = await openReaderShell({
    folder,
    notebook: join(folder, 'notebook'),
    environment: { PATH: process.env['PATH'] ?? '' },
    services: ['ticker'],
  });
});
afterEach(async () => {
  await shell.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the terminal of a reader', () => {
  it('keeps variables, functions and files from block to block', async () => {
    await shell.run('export A=1\nsay() { echo "$A $1"; }\ncat > note <<\'END\'\nhello\nEND\n');
    expect(await shell.run('say "$(cat note)"\n')).toBe('1 hello\n');
  });

  it.each([
    ['a command fails', 'false\n'],
    ['a command before a pipe fails', 'false | cat\n'],
    ['a variable is not set', 'echo "$NOT_SET"\n'],
    ['a command is not there', 'no-such-command\n'],
    ['the block is no shell', 'if\n'],
  ])('fails when %s, and says which block', async (_, commands) => {
    await expect(shell.run(commands)).rejects.toThrow(`failed:\n${commands}`);
  });

  it('lets a service go on beside what follows, until Ctrl-C', async () => {
    await shell.run('A=1\n');
    await shell.begin(
      'ticker',
      `trap 'echo "$A stopped" > end; exit 0' INT\necho ready\nwhile :; do sleep 1; done\n`,
    );
    expect(await shell.printedBy('ticker', (printed) => printed.includes('\n'))).toBe('ready\n');
    expect(await shell.run('echo meanwhile\n')).toBe('meanwhile\n');
    await shell.interrupt('ticker');
    expect(await shell.run('cat end\n')).toBe('1 stopped\n');
  });

  it('ends a service that Ctrl-C does not end when it is closed', async () => {
    await shell.begin('ticker', `trap '' INT\necho "$BASHPID"\nwhile :; do sleep 1; done\n`);
    const group = Number(await shell.printedBy('ticker', (printed) => printed.includes('\n')));
    expect(isRunning(group)).toBe(true);
    await shell.close();
    await vi.waitFor(() => expect(isRunning(group)).toBe(false), { timeout: 30_000 });
  });
});

function isRunning(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    return false;
  }
}
