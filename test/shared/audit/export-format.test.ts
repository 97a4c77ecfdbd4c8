import { expect, test } from 'vitest';
import { parseExport, writeFirst } from '../../../shared/audit/export-format.ts';
import { makeTrail } from './trail-edits.ts';

const [line] = makeTrail(1).lines;
const text = JSON.stringify(line);
const linesOf = (...lines: string[]) =>
  parseExport(
    [writeFirst('main', { number: 0, hash: '0'.repeat(64), checkpoint: null }), ...lines].join('\n'),
  )?.lines;

test('a line of an export is read however it is laid out', () => {
  expect(linesOf(text, ` ${text.replaceAll('","', '" , "')}\r`)).toEqual([line, line]);
});

test('a line that says more than what is verified of it is none', () => {
  const actor = JSON.stringify(line?.entry.actor);
  const edits = [
    text.replace('"entry":{', '"entry":{"note":"x",'),
    text.replace('"details":{', '"details":{"__proto__":"x",'),
    text.replace('"entry":{', '"entry":{"__proto__":{"approved":true},'),
    text.replace(`"actor":${actor}`, `"actor":"another","actor":${actor}`),
    text.replace(`"actor":${actor}`, `"actor":"a \\"b\\": {c}:","actor":${actor}`),
    text.replace(/}$/, ',"hash":"x"}'),
  ];
  expect(new Set([...edits, text]).size).toBe(edits.length + 1);
  expect(linesOf(...edits)).toEqual(edits.map(() => null));
});
