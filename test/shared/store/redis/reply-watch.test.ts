import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReplyWatch } from '../../../../shared/store/redis/reply-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SILENT_MS = 900;

function startWatch() {
  let clock = 0;
  let silences = 0;
  const watch = createReplyWatch({
    silentMs: SILENT_MS,
    onSilent: () => {
      silences += 1;
    },
    now: () => clock,
  });
  /** Asks, and returns what answers it. */
  const ask = () => {
    const answers = new EventEmitter();
    const watched = watch.watch(() => once(answers, 'answer'));
    return async () => {
      answers.emit('answer');
      await watched;
    };
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      clock += 10;
      await vi.advanceTimersByTimeAsync(10);
    }
  };
  /** The process does not run: no timer fires meanwhile. */
  const stall = (ms: number) => {
    clock += ms;
  };
  return { watch, ask, pass, stall, silences: () => silences };
}

test('a Redis that answers nothing is found silent within the time and a third', async () => {
  const { ask, pass, silences } = startWatch();
  ask();
  await pass(SILENT_MS);
  expect(silences()).toBe(0);
  await pass(SILENT_MS / 3);
  expect(silences()).toBe(1);
});

test('answers that take long are waited for while others come', async () => {
  const { ask, pass, silences } = startWatch();
  const answers = Array.from({ length: 20 }, () => ask());
  for (const answer of answers) {
    await pass(500);
    await answer();
  }
  await pass(10_000);
  expect(silences()).toBe(0);
});

test('silence begins with the last answer', async () => {
  const { ask, pass, silences } = startWatch();
  const first = ask();
  ask();
  await pass(800);
  await first();
  await pass(800);
  expect(silences()).toBe(0);
  await pass(400);
  expect(silences()).toBe(1);
});

test('nothing that waits is no silence, and waiting begins from nothing', async () => {
  const { ask, pass, silences } = startWatch();
  await ask()();
  await pass(5_000);
  const answer = ask();
  await pass(800);
  await answer();
  expect(silences()).toBe(0);
});

test('time in which the process did not run is not counted', async () => {
  const { ask, pass, stall, silences } = startWatch();
  const answer = ask();
  await pass(200);
  stall(30_000);
  await pass(500);
  await answer();
  expect(silences()).toBe(0);
});

test('it is behind while what was asked first has waited for too long', async () => {
  const { watch, ask, pass } = startWatch();
  const first = ask();
  const second = ask();
  await pass(SILENT_MS);
  expect(watch.isBehind()).toBe(false);
  await pass(10);
  expect(watch.isBehind()).toBe(true);
  await Promise.all([first(), second()]);
  expect(watch.isBehind()).toBe(false);
});

test('what fails is an answer, and its error is handed on', async () => {
  const { watch, pass, silences } = startWatch();
  await expect(watch.watch(() => Promise.reject(new Error('NOJOB')))).rejects.toThrow('NOJOB');
  await pass(5_000);
  expect(silences()).toBe(0);
});
