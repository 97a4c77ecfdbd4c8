import { expect, test } from 'vitest';
import { readExport, writeFirst, writeLast } from '../../../shared/audit/export-format.ts';
import { makeTrail } from './trail-edits.ts';

const [line] = makeTrail(1).lines;
const text = JSON.stringify(line);
const opening = writeFirst('main', { number: 0, hash: '0'.repeat(64), checkpoint: null });

async function* give(...lines: readonly string[]) {
  yield* lines;
}

const linesOf = async (...lines: string[]) => (await readExport(give(opening, ...lines)))?.lines;

test('a line of an export is read however it is laid out', async () => {
  expect(await linesOf(text, ` ${text.replaceAll('","', '" , "')}\r`)).toEqual([line, line]);
});

test('a line that says more than what is verified of it is none', async () => {
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
  expect(await linesOf(...edits)).toEqual(edits.map(() => null));
});

test('an export ends with its head, or has lost its end', async () => {
  const head = {
    number: 1,
    hash: line?.hash ?? '',
    at: '2026-01-01T00:00:00.000Z',
    signed: null,
    waiting: 0,
  };
  expect(await readExport(give(opening, text, writeLast(head)))).toMatchObject({ lines: [line], head });
  expect(await readExport(give(opening, writeLast(head)))).toMatchObject({ lines: [], head });
  expect(await readExport(give(opening, text))).toMatchObject({ lines: [line], head: null });
  expect(await readExport(give('', opening, ' '))).toMatchObject({ lines: [], head: null });
  expect(await readExport(give(text, opening))).toBeNull();
  expect(await readExport(give())).toBeNull();
});
