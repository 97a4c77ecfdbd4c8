import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hasRedis } from '../../support/has-redis.ts';

let folder: string;
let children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-test-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children = [];
  await rm(folder, { recursive: true, force: true });
});

/** The loader of TypeScript keeps its cache there too. */
const leftBehind = async () => (await readdir(folder)).filter((name) => name.startsWith('veriqueue'));

function demo(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'dev/demo/main.ts', ...args], {
    // A real account in the environment must not be asked, nor a developer's own Redis used.
    env: {
      PATH: process.env['PATH'],
      TMPDIR: folder,
      REDIS_URL: 'redis://127.0.0.1:1',
      TENCENTCLOUD_SECRET_ID: 'real',
      TENCENTCLOUD_SECRET_KEY: 'real',
      FACEID_ENDPOINT: 'https://127.0.0.1:1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, ended };
}

it('a photo that is not there is named before anything is started', async () => {
  const { child, ended } = demo('--photo', join(folder, 'missing.jpg'));
  const [said, complained, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  expect(code).toBe(1);
  expect(complained).toContain('missing.jpg cannot be read: no such file');
  expect(said).toBe('');
  expect(await leftBehind()).toEqual([]);
});

it.skipIf(!hasRedis)(
  'a photo that is none is refused with the reason, exit 1, and what the parts said is kept',
  async () => {
    const { child, ended } = demo('--photo', 'package.json');
    const [, complained, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    expect(code).toBe(1);
    expect(complained).toMatch(/with package\.json was not accepted: .*image/i);
    const kept = /kept in (\S+)/.exec(complained)?.[1] ?? '';
    expect(kept.startsWith(folder)).toBe(true);
    expect(await readdir(join(kept, '..'))).toContain('demo.log');
  },
);

it.skipIf(!hasRedis)(
  'interrupted, it stops everything, leaves nothing behind, and says so by its exit code',
  async () => {
    const { child, ended } = demo();
    let said = '';
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Submitting')) resolve();
      });
    });
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(said).toContain('Stopping everything');
    expect(await leftBehind()).toEqual([]);
  },
);
