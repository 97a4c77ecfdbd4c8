import { describe, expect, it } from 'vitest';
import { fillIn, parseShown } from './shown-json.ts';
import { hasPrinted, isAsShown } from './shown-output.ts';
import { fromPage, toPage } from './translation.ts';

describe('comparing what is shown with what was printed', () => {
  it.each<[name: string, shown: string, printed: string, expected: boolean]>([
    ['the same', 'a b\n', 'a b\n', true],
    ['another word', 'a b\n', 'a c\n', false],
    ['columns of other widths', 'a  b\n', 'a     b\n', true],
    ['a part left out', 'evt_…  match\n', 'evt_0123  match\n', true],
    ['a part left out, and another word', 'evt_…  match\n', 'evt_0123  no_match\n', false],
    ['lines left out', 'a\n…\nd\n', 'a\nb\nc\nd\n', true],
    ['no line where some are left out', 'a\n…\nd\n', 'a\nd\n', true],
    ['one more line', 'a\n', 'a\nb\n', false],
    ['one line less', 'a\nb\n', 'a\n', false],
    ['a pattern that is none', 'a.c\n', 'abc\n', false],
  ])('%s', (_, shown, printed, expected) => {
    expect(isAsShown(shown, printed)).toBe(expected);
  });

  it('finds lines of what goes on printing in any order, and misses one that is not there', () => {
    expect(hasPrinted('b …\na\n', 'Listening\na\nb 1\n')).toBe(true);
    expect(hasPrinted('b …\na\n', 'Listening\na again\nb 1\n')).toBe(false);
  });
});

describe('filling in what JSON leaves out', () => {
  const actual = { id: 'ver_1', status: 'queued', list: [1, 2], inner: { a: 1, b: 'x' } };

  it.each<[name: string, shown: string, expected: unknown]>([
    ['nothing', '{"id": "ver_1"}', { id: 'ver_1' }],
    ['a part of a text', '{"id": "ver_…"}', { id: 'ver_1' }],
    ['a part of another text', '{"id": "evt_…"}', { id: 'evt_…' }],
    ['a value', '{"status": …}', { status: 'queued' }],
    ['members', '{"status": "held", …}', { ...actual, status: 'held' }],
    ['items', '{"list": [1, …]}', { list: [1, 2] }],
    ['inner members', '{"inner": {"b": "y", …}}', { inner: { a: 1, b: 'y' } }],
    ['a value that is not there', '{"none": …}', { none: '…' }],
  ])('%s', (_, shown, expected) => {
    expect(fillIn(parseShown(shown), actual)).toEqual(expected);
  });

  it('refuses what is no JSON', () => {
    expect(() => parseShown('{"a": }')).toThrow(SyntaxError);
  });
});

describe('translating a page', () => {
  const translation = { ports: new Map([['3000', '41234']]), words: new Map([['cli_x', 'cli_0123']]) };

  it('replaces ports that stand alone, and ids', () => {
    const text = 'curl http://127.0.0.1:3000/ --port 3000 990001199001013000 13000 1.3000 cli_x';
    const here = 'curl http://127.0.0.1:41234/ --port 41234 990001199001013000 13000 1.3000 cli_0123';
    expect(fromPage(text, translation)).toBe(here);
    expect(toPage(here, translation)).toBe(text);
  });
});
