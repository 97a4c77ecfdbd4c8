import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hasRedis } from '../../support/has-redis.ts';
import { spawnStart } from './spawn-start.ts';

describe.skipIf(!hasRedis)('npm start that is signalled again while it stops', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-start-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('stops its parts in order all the same, and ends with 0', { timeout: 240_000 }, async () => {
    const child = spawnStart(folder);
    const ended = once(child, 'close');
    let printed = '';
    const awaited = [
      { line: 'Stop with Ctrl-C', reply: 'SIGTERM' },
      { line: 'Stopping …', reply: 'SIGTERM' },
      { line: 'Already stopping', reply: 'SIGINT' },
    ] as const;
    let step = 0;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => {
        printed += String(chunk);
        const next = awaited[step];
        if (!next || !printed.includes(next.line)) return;
        step += 1;
        child.kill(next.reply);
      });
    }
    // The pipes close when the last part that wrote to them has ended.
    const [code, signal] = await ended;
    expect({ code, signal, step }).toEqual({ code: 0, signal: null, step: 3 });
    const last = printed.slice(printed.indexOf('Stopping …'));
    expect(last, 'a part was killed').not.toContain('SIGKILL');
  });
});
