/** Where a reader's cursor is on a chart of steps, and where a key moves it. Pure. */

/**
 * A pointer stays over a place of the picture, whatever moves below it. Who walks by keyboard stays at an instant: on a
 * live chart the same key pressed again would else read the same step.
 */
export type ChartCursor =
  | { readonly by: 'pointer'; readonly index: number }
  /** ms epoch, when its step begins. */
  | { readonly by: 'keyboard'; readonly at: number };

export interface ChartSteps {
  readonly count: number;
  /** ms epoch: when the first step begins. */
  readonly from: number;
  readonly stepMs: number;
}

/** The step under the cursor; null when there is none any more. */
export function stepAt(cursor: ChartCursor | null, { count, from, stepMs }: ChartSteps): number | null {
  if (cursor === null) return null;
  const index = cursor.by === 'pointer' ? cursor.index : Math.round((cursor.at - from) / stepMs);
  return index >= 0 && index < count ? index : null;
}

/**
 * Where a key leads: `leave` takes the cursor away, null for a key that means nothing here. From nowhere, every key that
 * moves leads to the latest step.
 *
 * @param key as `KeyboardEvent.key` has it
 */
export function moveBy(key: string, at: number | null, count: number): number | 'leave' | null {
  if (key === 'Escape') return at === null ? null : 'leave';
  const last = count - 1;
  const leap = Math.max(1, Math.round(count / 10));
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -leap,
    PageUp: leap,
    Home: -count,
    End: count,
  };
  const move = Object.hasOwn(moves, key) ? moves[key] : undefined;
  if (move === undefined || count === 0) return null;
  if (at === null) return key === 'Home' ? 0 : last;
  return Math.max(0, Math.min(last, at + move));
}
