import { describe, expect, test } from 'vitest';
import { moveBy, stepAt } from '../../console/parts/chart-walk.ts';

describe('a cursor on a chart', () => {
  const steps = { count: 10, from: 100_000, stepMs: 1_000 };

  test('that a pointer has put there stays over its place, one by keyboard at its instant', () => {
    const later = { ...steps, from: 103_100 };
    expect(stepAt({ by: 'pointer', index: 7 }, later)).toBe(7);
    expect(stepAt({ by: 'keyboard', at: 107_000 }, steps)).toBe(7);
    expect(stepAt({ by: 'keyboard', at: 107_000 }, later)).toBe(4);
  });

  test('is gone when its step is', () => {
    expect(stepAt(null, steps)).toBeNull();
    expect(stepAt({ by: 'pointer', index: 10 }, steps)).toBeNull();
    expect(stepAt({ by: 'keyboard', at: 101_000 }, { ...steps, from: 105_000 })).toBeNull();
  });
});

describe('a key', () => {
  test.each([
    ['ArrowRight', 5, 6],
    ['ArrowUp', 5, 6],
    ['ArrowLeft', 5, 4],
    ['ArrowDown', 5, 4],
    ['PageUp', 5, 25],
    ['PageDown', 50, 30],
    ['Home', 50, 0],
    ['End', 50, 199],
    ['ArrowRight', 199, 199],
    ['PageDown', 3, 0],
    ['ArrowLeft', null, 199],
    ['ArrowRight', null, 199],
    ['Home', null, 0],
    ['Escape', 5, 'leave'],
    ['Escape', null, null],
    ['Tab', 5, null],
    ['toString', 5, null],
  ])('%s leads from %s to %s of 200 steps', (key, at, expected) => {
    expect(moveBy(key, at, 200)).toBe(expected);
  });

  test('leads nowhere where there are no steps', () => {
    expect(moveBy('End', null, 0)).toBeNull();
  });
});
