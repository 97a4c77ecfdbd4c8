import { z } from 'zod';

/**
 * `asFastAsItGoes`: so many submissions are under way at once, until all are accepted. `atARate`: one is sent each time its turn
 * comes, however long the answers take, so that a slow answer cannot keep the next ones from being late.
 */
export const loadOrder = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('asFastAsItGoes'),
    first: z.number(),
    count: z.number(),
    atOnce: z.number(),
  }),
  z.object({ kind: z.literal('atARate'), first: z.number(), count: z.number(), perSecond: z.number() }),
]);
export type LoadOrder = z.infer<typeof loadOrder>;

export const loadDone = z.object({
  seconds: z.number(),
  /** Answers that asked for a repeat. Each was repeated. */
  repeats: z.number(),
  /** ms, of each submission until it was accepted, sorted; from when its turn came. */
  latencies: z.array(z.number()),
});
export type LoadDone = z.infer<typeof loadDone>;

/** @param sorted ascending. @param part 0.99 for the 99th percentile; NaN for an empty list */
export function readPercentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
