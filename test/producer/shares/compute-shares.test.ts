import { expect, test } from 'vitest';
import { computeShares } from '../../../producer/shares/compute-shares.ts';
import type { ActiveClient } from '../../../shared/store/shares/read-activity.ts';

const BULK_SHARE = 0.1;

/** `weight waits calls`, such as `100 i 5`; `-` waits for nothing, `ib` for both priorities. */
function client(text: string): ActiveClient {
  const [weight = '', waits = '', calls = ''] = text.split(' ');
  return {
    weight: Number(weight),
    waits: { interactive: waits.includes('i'), bulk: waits.includes('b') },
    calls: Number(calls),
  };
}

/** Parts of a hundred, by client: due/had. */
function sharesOf(texts: readonly string[], deletedCalls = 0): string {
  const clients = new Map(texts.map((text, i) => [`c${i}`, client(text)]));
  const calls = [...clients.values()].reduce((sum, each) => sum + each.calls, deletedCalls);
  const shares = computeShares({ clients, calls }, BULK_SHARE);
  const percent = (part: number | null) => (part === null ? '-' : String(Math.round(part * 1000) / 10));
  return [...shares.values()].map(({ due, had }) => `${percent(due)}/${percent(had)}`).join(' ');
}

test.each([
  [['100 i 0'], '100/-'],
  [['100 - 7'], '100/100'],
  [['100 i 3', '100 i 1'], '50/75 50/25'],
  [['100 i 0', '100 - 4', '200 i 4'], '25/0 25/50 50/50'],
  [['1 i 0', '999 i 10'], '0.1/0 99.9/100'],
  [['100 b 2', '300 b 2'], '25/50 75/50'],
  [['100 i 9', '300 b 1'], '90/90 10/10'],
  [['100 ib 5', '100 i 4', '100 b 1'], '50/50 45/40 5/10'],
  [[], ''],
] as const)('the clients %j are due and had %s', (clients, expected) => {
  expect(sharesOf(clients)).toBe(expected);
});

test('the calls of a client that was deleted count, and are of none that is shown', () => {
  expect(sharesOf(['100 i 3', '100 i 3'], 6)).toBe('50/25 50/25');
});

test('the parts due sum up to one', () => {
  const kinds = ['i', 'b', 'ib', '-'];
  const clients = new Map(
    Array.from({ length: 1_000 }, (_, i) => [
      `c${i}`,
      client(`${1 + ((i * 37) % 1_000)} ${kinds[i % 4]} ${i % 3}`),
    ]),
  );
  const due = [...computeShares({ clients, calls: 999 }, BULK_SHARE).values()].map((share) => share.due);
  expect(due.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
  expect(Math.min(...due)).toBeGreaterThan(0);
});
