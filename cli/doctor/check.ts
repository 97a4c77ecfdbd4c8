import { SECOND_MS } from '../../shared/time-units.ts';
import { formatDuration } from '../format-duration.ts';

/** What one look at a deployment found. */
export type Check =
  | { readonly name: string; readonly status: 'ok'; readonly detail: string }
  | { readonly name: string; readonly status: 'problem'; readonly detail: string; readonly fix: string }
  /** It works, and may hurt one day. */
  | { readonly name: string; readonly status: 'warning'; readonly detail: string; readonly fix: string }
  /** It could not be looked at from here; `detail` says why. */
  | { readonly name: string; readonly status: 'skipped'; readonly detail: string };

export const ok = (name: string, detail: string): Check => ({ name, status: 'ok', detail });
export const warning = (name: string, detail: string, fix: string): Check => ({
  name,
  status: 'warning',
  detail,
  fix,
});
export const skipped = (name: string, detail: string): Check => ({ name, status: 'skipped', detail });
export const problem = (name: string, detail: string, fix: string): Check => ({
  name,
  status: 'problem',
  detail,
  fix,
});

/**
 * Receivers refuse signatures that are five minutes old (Standard Webhooks), and so does the upstream (TC3). A minute is a
 * clock that nothing sets any more.
 */
const CLOCK_TOLERANCE_MS = 60 * SECOND_MS;

/**
 * Judges a clock elsewhere by the time it showed while it was asked.
 *
 * @param shown ms epoch, or NaN when it showed none
 * @param asked ms epoch, before and after, by the clock of this machine
 * @param precisionMs of the clock that was shown: a second of a `Date` header
 */
export function checkClock(
  name: string,
  shown: number,
  {
    before,
    after,
    precisionMs,
  }: { readonly before: number; readonly after: number; readonly precisionMs: number },
): Check {
  if (Number.isNaN(shown)) return skipped(name, 'it showed no time');
  const behind = before - (shown + precisionMs);
  const ahead = shown - after;
  const offMs = Math.max(0, behind, ahead);
  if (offMs <= CLOCK_TOLERANCE_MS)
    return ok(name, `within ${formatDuration(CLOCK_TOLERANCE_MS)} of this machine's`);
  return problem(
    name,
    `${formatDuration(offMs)} ${behind > ahead ? 'behind' : 'ahead of'} this machine's`,
    'Let both machines take the time from NTP: signatures that are five minutes off are refused.',
  );
}
