import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { writeByTurn } from '../../shared/log-output.ts';

function record() {
  const written: string[] = [];
  return { written, output: writeByTurn({ write: (text) => void written.push(text) }) };
}

test('lines of one turn are written together, in their order, at its end', async () => {
  const { written, output } = record();
  output.write('a\n');
  await Promise.resolve();
  output.write('b\n');
  expect(written).toEqual([]);
  await nextTurn();
  expect(written).toEqual(['a\nb\n']);
});

test('a later turn writes again', async () => {
  const { written, output } = record();
  output.write('a\n');
  await nextTurn();
  output.write('b\n');
  await nextTurn();
  expect(written).toEqual(['a\n', 'b\n']);
});

test('a flush writes at once what is held back, and nothing twice', async () => {
  const { written, output } = record();
  output.write('a\n');
  output.flush();
  expect(written).toEqual(['a\n']);
  output.flush();
  await nextTurn();
  expect(written).toEqual(['a\n']);
});
