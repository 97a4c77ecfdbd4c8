import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { readLuaFile } from '../../../../shared/store/redis/lua-file.ts';
import { defineScript } from '../../../../shared/store/redis/script.ts';
import { useTestLane } from '../../../support/lane.ts';
import { listLuaFiles } from '../../../support/lua-files.ts';

const root = join(import.meta.dirname, '../../../..');
const lane = useTestLane();

/** The one that makes a record. */
const CREATES = 'accept.lua';

const scripts = listLuaFiles().flatMap((path) => {
  const nth = /^--- KEYS\[(\d+)\] record\b/m.exec(readFileSync(join(root, path), 'utf8'))?.[1];
  return nth === undefined || path.endsWith(CREATES) ? [] : [{ path, nth: Number(nth) }];
});

test.each(scripts)('$path does not bring a record back that a failover has lost', async ({ path, nth }) => {
  const { redis } = lane;
  const file = readLuaFile(pathToFileURL(join(root, path)));
  const keys = lane.freshKeys();
  const [record, inLane] = [keys.record('ver_lost'), (name: string) => `${keys.tag}:other:${name}`];
  const KEYS = Array.from({ length: file.keys.at }, (_, i) => (i + 1 === nth ? record : inLane(String(i))));
  const ARGV = Array.from({ length: Math.max(file.args.at, 20) }, () => '1').slice(
    0,
    file.args.andMore ? undefined : file.args.at,
  );
  // What it replies is its own affair; the tag among its arguments would be one of the lane's.
  await defineScript(file)(redis, KEYS, ARGV).catch(() => null);
  expect(await redis.exists(record)).toBe(0);
});

test('there are scripts that write to a record', () => {
  expect(scripts.length).toBeGreaterThan(15);
});
