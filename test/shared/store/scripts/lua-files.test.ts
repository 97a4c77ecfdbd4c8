import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readLuaFile } from '../../../../shared/store/redis/lua-file.ts';
import { listLuaFiles } from '../../../support/lua-files.ts';
import { listSourceFiles } from '../../../support/source-files.ts';

const root = join(import.meta.dirname, '../../../..');
const files = listLuaFiles();
const isFragment = (path: string) => path.includes('/fragments/');
const scripts = files.filter((path) => !isFragment(path));
const textOf = (path: string) => readFileSync(join(root, path), 'utf8');
const load = (path: string) => readLuaFile(pathToFileURL(join(root, path)));

/** What Redis gives a script besides Lua 5.1. */
const GLOBALS = ['redis', 'cjson', 'cmsgpack', 'struct', 'bit', 'KEYS', 'ARGV'];

function luacheck(path: string, text: string): string {
  const args = ['--std', 'lua51', '--read-globals', ...GLOBALS, '--no-max-line-length', '--no-color'];
  const { stdout } = spawnSync('luacheck', [...args, '--formatter', 'plain', '--filename', path, '-'], {
    input: text,
    encoding: 'utf8',
  });
  return stdout;
}

const hasLuacheck = spawnSync('luacheck', ['--version']).status === 0;

describe('the Lua files', () => {
  it('have at most 300 lines of 120 characters', () => {
    const long = files.filter((path) => {
      const lines = textOf(path).split('\n');
      return lines.length > 301 || lines.some((line) => line.length > 120);
    });
    expect(files.length).toBeGreaterThan(0);
    expect(long).toEqual([]);
  });

  it.each(scripts)('%s has a head, and what it includes exists', (path) => {
    expect(load(path).lua).not.toBe('');
    expect(textOf(path)).toMatch(/^--- [A-Z].+\.\n/);
  });

  it('use what their heads declare and nothing beyond', () => {
    const used = scripts.map((path) => {
      const { lua, keys, args } = load(path);
      const highest = (table: string) =>
        Math.max(0, ...[...lua.matchAll(new RegExp(`${table}\\[(\\d+)\\]`, 'g'))].map(([, n]) => Number(n)));
      const fits = (table: string, { at, andMore }: { at: number; andMore: boolean }) =>
        highest(table) <= (andMore ? Number.POSITIVE_INFINITY : at);
      return [path, fits('KEYS', keys), fits('ARGV', args)];
    });
    expect(used).toEqual(scripts.map((path) => [path, true, true]));
  });

  it('take KEYS and ARGV in no fragment', () => {
    const code = (path: string) => textOf(path).replaceAll(/^\s*--.*$/gm, '');
    expect(files.filter(isFragment).filter((path) => /\b(KEYS|ARGV)\b/.test(code(path)))).toEqual([]);
  });

  it('hold every script: no TypeScript file has one inline', () => {
    const sources = listSourceFiles();
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.filter((path) => /\bredis\.p?call\(['"`]/.test(textOf(path)))).toEqual([]);
    const senders = sources.filter((path) => /['"`.]eval(?:sha)?\b/i.test(textOf(path)));
    // The flow sends BullMQ's own scripts on.
    expect(senders.sort()).toEqual(['shared/store/queue/atomic-flow.ts', 'shared/store/redis/script.ts']);
  });

  it('use no long strings, whose lines could be taken for comments', () => {
    expect(files.filter((path) => /\[=*\[/.test(textOf(path)))).toEqual([]);
  });

  // A fragment is checked in the scripts that include it: alone, its function is never used.
  it.skipIf(!hasLuacheck)('pass luacheck, which is not installed everywhere', () => {
    const found = scripts.map((path) => luacheck(path, load(path).lua)).join('');
    expect(found).toBe('');
  });

  it.skipIf(!hasLuacheck)('would not pass it with a global, an unused function or a misspelt name', () => {
    const check = (text: string) =>
      luacheck('x.lua', text).match(/\((\w+)\)|(setting|unused|undefined)/)?.[0];
    expect([
      check('x = 1'),
      check('local function f() end'),
      check('return redsi.call()'),
      check('return KEYS[1]'),
    ]).toEqual(['setting', 'unused', 'undefined', undefined]);
  });
});
