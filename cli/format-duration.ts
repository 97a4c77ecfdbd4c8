import { UNIT_MS } from '../shared/time-units.ts';

const UNITS = ['d', 'h', 'm', 's'] as const;

/**
 * A duration as people read it, in the units that options are written with: `320ms`, `1.2s`, `45s`, `2m 5s`, `3h 10m`,
 * `4d 2h`. Two units at most; the rest is cut off, so that 59.9 minutes never become an hour.
 *
 * @param ms 0 or more
 */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms));
  if (whole < UNIT_MS.s) return `${whole}ms`;
  if (whole < 10 * UNIT_MS.s && whole % UNIT_MS.s >= 100) return `${Math.floor(whole / 100) / 10}s`;
  let rest = whole;
  const parts = UNITS.map((unit) => {
    const amount = Math.floor(rest / UNIT_MS[unit]);
    rest -= amount * UNIT_MS[unit];
    return { amount, unit };
  });
  const first = parts.findIndex(({ amount }) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(({ amount }) => amount > 0)
    .map(({ amount, unit }) => `${amount}${unit}`)
    .join(' ');
}
