import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RunAloneLock } from '../../../worker/verification/run-alone-lock.ts';

const settled = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

describe('the lock of one that runs alone', () => {
  test('lets verifications run side by side', async () => {
    const lock = new RunAloneLock();
    const leave = await Promise.all([lock.enter(), lock.enter(), lock.enter()]);
    expect(leave).toHaveLength(3);
  });

  test('makes one that must run alone wait for the others, and the next ones wait for it', async () => {
    const lock = new RunAloneLock();
    const events: string[] = [];
    const leaveFirst = await lock.enter();
    const leaveSuspect = await lock.enter();
    const alone = lock.runAlone().then((release) => {
      events.push('alone');
      return release;
    });
    const next = lock.enter().then((leave) => {
      events.push('next');
      return leave;
    });
    await settled();
    expect(events).toEqual([]);
    leaveFirst();
    const release = await alone;
    await settled();
    expect(events).toEqual(['alone']);
    release();
    leaveSuspect();
    (await next)();
    expect(events).toEqual(['alone', 'next']);
  });

  test('lets two that must run alone go one after the other', async () => {
    const lock = new RunAloneLock();
    const leaves = [await lock.enter(), await lock.enter()];
    const order: number[] = [];
    const runs = leaves.map(async (leave, i) => {
      const release = await lock.runAlone();
      order.push(i);
      await settled();
      order.push(i);
      release();
      leave();
    });
    await Promise.all(runs);
    expect([
      [0, 0, 1, 1],
      [1, 1, 0, 0],
    ]).toContainEqual(order);
  });

  test('never has company for one that runs alone, and never forgets anybody, in any order of events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ alone: fc.boolean(), steps: fc.integer({ min: 0, max: 5 }) }), {
          maxLength: 12,
        }),
        async (visitors) => {
          const lock = new RunAloneLock();
          let inside = 0;
          let aloneInside = false;
          const visits = visitors.map(async ({ alone, steps }) => {
            const leave = await lock.enter();
            const release = alone ? await lock.runAlone() : undefined;
            expect(aloneInside).toBe(false);
            if (alone) {
              expect(inside).toBe(0);
              aloneInside = true;
            }
            inside += 1;
            for (let i = 0; i < steps; i += 1) await Promise.resolve();
            inside -= 1;
            aloneInside = false;
            release?.();
            leave();
          });
          await Promise.all(visits);
        },
      ),
    );
  });
});
