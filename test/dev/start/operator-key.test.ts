import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadOperatorKey } from '../../../dev/start/operator-key.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-operator-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the operator key of npm start', () => {
  test('is made once, kept for its owner alone, and no client’s key', async () => {
    const first = await loadOperatorKey(undefined, join(folder, 'data'));
    const second = await loadOperatorKey(undefined, join(folder, 'data'));
    expect(first.key).toMatch(/^vqo_[0-9a-f]{64}$/);
    expect(second).toEqual(first);
    expect((await readFile(first.path ?? '', 'utf8')).trim()).toBe(first.key);
    expect((await stat(first.path ?? '')).mode & 0o777).toBe(0o600);
  });

  test('is that of the environment when there is one', async () => {
    expect(await loadOperatorKey('chosen', folder)).toEqual({ key: 'chosen', path: null });
  });
});
