import { expect, it } from 'vitest';
import { createByteBudget } from '../../../../../shared/store/subjects/objects/byte-budget.ts';

/** Work that ends when it is asked to, and how much of it runs. */
function makeWork() {
  const running: number[] = [];
  const ends: (() => void)[] = [];
  const work = (bytes: number) => () => {
    running.push(bytes);
    return new Promise<void>((resolve) => {
      ends.push(() => {
        running.splice(running.indexOf(bytes), 1);
        resolve();
      });
    });
  };
  const endFirst = async () => {
    ends.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { running, work, endFirst };
}

it('bytes that do not fit wait, in their order, and one that never fits runs alone', async () => {
  const budget = createByteBudget(10);
  const { running, work, endFirst } = makeWork();
  const all = [6, 5, 3, 40, 1].map((bytes) => budget.run(bytes, work(bytes)));
  await new Promise((resolve) => setImmediate(resolve));
  const seen = [[...running]];
  for (let ended = 0; ended < 5; ended += 1) {
    await endFirst();
    seen.push([...running]);
  }
  await Promise.all(all);
  expect(seen).toEqual([[6], [5, 3], [3], [40], [1], []]);
});

it('work that fails gives its bytes back', async () => {
  const budget = createByteBudget(1);
  const failing = budget.run(1, () => Promise.reject(new Error('no')));
  const next = budget.run(1, async () => 'done');
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('done');
});
