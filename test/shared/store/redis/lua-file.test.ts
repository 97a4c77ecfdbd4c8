import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLuaFile } from '../../../../shared/store/redis/lua-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-lua-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEAD = '--- Reply: 1\n--- Invariant: none\n';

/** Writes the files and reads the first of them. */
async function read(files: Readonly<Record<string, string>>) {
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return readLuaFile(pathToFileURL(join(folder, Object.keys(files)[0] ?? '')));
}

describe('a script file', () => {
  it('is named by its file, and sent without comments and empty lines', async () => {
    const file = await read({ 'add-one.lua': `${HEAD}\nlocal a = 1 -- kept\n  -- why\nreturn a\n` });
    expect(file).toMatchObject({ name: 'add-one', lua: 'local a = 1 -- kept\nreturn a' });
  });

  it('declares in its head how many keys and arguments it takes', async () => {
    const head = '--- KEYS[1] a\n--- KEYS[2] b\n--- ARGV[1] c\n--- ARGV[2..] the rest\n';
    const file = await read({ 'count.lua': `${head}${HEAD}return 1` });
    expect([file.keys, file.args]).toEqual([
      { at: 2, andMore: false },
      { at: 1, andMore: true },
    ]);
  });

  it('takes nothing where its head lists nothing', async () => {
    const { keys, args } = await read({ 'none.lua': `${HEAD}-- in a comment: KEYS[1]\nreturn KEYS[1]` });
    expect([keys.at, args.at, keys.andMore, args.andMore]).toEqual([0, 0, false, false]);
  });

  it.each([
    ['a gap', '--- KEYS[1] a\n--- KEYS[3] b\n'],
    ['more after the rest', '--- KEYS[1..] a\n--- KEYS[2] b\n'],
    ['no first', '--- KEYS[2] b\n'],
  ])('is refused for a list of keys with %s', async (_, head) => {
    await expect(read({ 'gap.lua': `${head}${HEAD}return 1` })).rejects.toThrow('must list KEYS[1], KEYS[2]');
  });

  it.each(['Reply:', 'Invariant:'])('is refused for a head without "%s"', async (line) => {
    const head = HEAD.split('\n').filter((each) => !each.includes(line));
    await expect(read({ 'head.lua': `${head.join('\n')}\nreturn 1` })).rejects.toThrow(
      `must have a line that begins with "${line}"`,
    );
  });
});

describe('a fragment', () => {
  it('stands where it is included, found from the file that includes it', async () => {
    const file = await read({
      'outer.lua': `${HEAD}\n--- @include "one.lua"\nreturn one()`,
      'one.lua': '--- One.\nlocal function one() return 1 end\n',
    });
    expect(file.lua).toBe('local function one() return 1 end\nreturn one()');
  });

  it('is sent once, before all that include it', async () => {
    const file = await read({
      'twice.lua': `${HEAD}--- @include "left.lua"\n--- @include "right.lua"\nreturn 1`,
      'left.lua': '--- @include "base.lua"\nlocal left = base',
      'right.lua': '--- @include "base.lua"\nlocal right = base',
      'base.lua': 'local base = 1',
    });
    expect(file.lua).toBe('local base = 1\nlocal left = base\nlocal right = base\nreturn 1');
  });

  it('is refused when it includes itself by way of another, with the way', async () => {
    const files = {
      'cycle.lua': `${HEAD}--- @include "a.lua"\nreturn 1`,
      'a.lua': '--- @include "b.lua"',
      'b.lua': '--- @include "a.lua"',
    };
    await expect(read(files)).rejects.toThrow('include one another: cycle.lua > a.lua > b.lua > a.lua');
  });

  it('is refused when there is no such file, with its path', async () => {
    await expect(read({ 'lost.lua': `${HEAD}--- @include "gone.lua"\nreturn 1` })).rejects.toThrow(
      /gone\.lua/,
    );
  });
});
