import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeLog } from '../../shared/log.ts';
import { gatherLines } from '../../shared/log-output.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function record() {
  const written: string[] = [];
  return { written, output: gatherLines({ write: (text) => void written.push(text) }) };
}

test('lines of the same 25 ms are written together, in their order', () => {
  const { written, output } = record();
  output.write('a\n');
  vi.advanceTimersByTime(24);
  output.write('b\n');
  expect(written).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(written).toEqual(['a\nb\n']);
  output.write('c\n');
  vi.advanceTimersByTime(25);
  expect(written).toEqual(['a\nb\n', 'c\n']);
});

test('many characters are written without a wait', () => {
  const { written, output } = record();
  const line = `${'x'.repeat(999)}\n`;
  for (let i = 0; i < 10; i += 1) output.write(line);
  expect(written).toEqual([line.repeat(9)]);
  vi.advanceTimersByTime(25);
  expect(written).toEqual([line.repeat(9), line]);
});

test('a warning of a log is written at once, behind all that was held back', () => {
  const { written, output } = record();
  const log = makeLog({ part: 'test', level: 'info' }, output);
  log.info({ event: 'first' });
  log.info({ event: 'second' });
  expect(written).toEqual([]);
  log.warn({ event: 'third' });
  expect(written.join('').match(/first|second|third/g)).toEqual(['first', 'second', 'third']);
  log.info({ event: 'fourth' });
  expect(written).toHaveLength(1);
});

test('a flush writes at once what is held back, and nothing twice', () => {
  const { written, output } = record();
  output.write('a\n');
  output.flush();
  expect(written).toEqual(['a\n']);
  output.flush();
  vi.advanceTimersByTime(25);
  expect(written).toEqual(['a\n']);
});
