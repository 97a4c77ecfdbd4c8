import type { PushState } from '../../shared/store/push/push-state.ts';

/** What is kept of an endpoint's past, for the list of its deliveries. */
export type KnownSpan = Pick<PushState, 'from' | 'types' | 'passedBy'>;

/** The latest of those that were passed by; the list of deliveries begins behind one that is dropped. */
export const MOST_PASSED_BY = 200;

/**
 * From which number on an endpoint has had all events of its present types. What lies before was passed over, or sent under other
 * types, and the two look the same.
 *
 * @returns what is to be written; null when it stands already
 */
export function computeSpan(
  { after, from, types }: Pick<PushState, 'after' | 'from' | 'types'>,
  present: readonly string[],
): Pick<PushState, 'from' | 'types'> | null {
  const now = present.toSorted().join(' ');
  if (from !== null && from <= after && types === now) return null;
  // Other types, a first look, or a client that has events sent again from before.
  return { from: after, types: now };
}

/** With an event that was passed by. */
export function addPassedBy(
  { from, passedBy }: Pick<KnownSpan, 'from' | 'passedBy'>,
  sequence: number,
): Pick<KnownSpan, 'from' | 'passedBy'> {
  const all = [...passedBy.filter((each) => each !== sequence), sequence].toSorted((a, b) => a - b);
  const dropped = all.slice(0, -MOST_PASSED_BY).at(-1);
  return {
    from: dropped === undefined ? from : Math.max(from ?? 0, dropped),
    passedBy: all.slice(-MOST_PASSED_BY),
  };
}

/** With one that was delivered: it may have been passed by before, and was sent again. */
export function dropPassedBy(
  { passedBy }: Pick<KnownSpan, 'passedBy'>,
  sequence: number,
): Partial<Pick<KnownSpan, 'passedBy'>> {
  return passedBy.includes(sequence) ? { passedBy: passedBy.filter((each) => each !== sequence) } : {};
}
