import { describe, expect, it } from 'vitest';
import { pick, rollDice } from './dice.ts';
import { findLuaSites } from './lua-sites.ts';
import { applyMutant, type Site } from './mutant.ts';
import { findTypeScriptSites } from './typescript-sites.ts';

const results = (source: string, sites: readonly Site[]) => sites.map((site) => applyMutant(source, site));

describe('mutants of Lua', () => {
  it('change operators, numbers, conditions and commands, but no comment and no string', () => {
    const source = "if n < 2 then -- a < b\n  redis.call('SET', 'a-b')\nend";
    expect(results(source, findLuaSites(source))).toEqual([
      "if n <= 2 then -- a < b\n  redis.call('SET', 'a-b')\nend",
      "if n < 3 then -- a < b\n  redis.call('SET', 'a-b')\nend",
      'if n < 2 then -- a < b\n  \nend',
      "if true then -- a < b\n  redis.call('SET', 'a-b')\nend",
      "if false then -- a < b\n  redis.call('SET', 'a-b')\nend",
    ]);
  });
});

describe('mutants of TypeScript', () => {
  it('change what runs, and neither types nor imports', () => {
    const source =
      "import { a } from './1.ts';\ntype T = 1 | 2;\nexport const b = (n: 1 | 2) => n >= 10 && !a;\n";
    expect(results(source, findTypeScriptSites('a.ts', source)).map((text) => text.split('\n')[2])).toEqual([
      'export const b = (n: 1 | 2) => n >= 10 || !a;',
      'export const b = (n: 1 | 2) => n > 10 && !a;',
      'export const b = (n: 1 | 2) => n >= 11 && !a;',
      'export const b = (n: 1 | 2) => n >= 10 && a;',
    ]);
  });
});

it('a seed picks the same mutants each time, and none twice', () => {
  const items = Array.from({ length: 20 }, (_, index) => index);
  const picked = pick(items, 10, rollDice(7));
  expect(pick(items, 10, rollDice(7))).toEqual(picked);
  expect(new Set(picked).size).toBe(10);
});
