/**
 * How much of several quotas was used from one time to another, 0 to 1 or a little more: a second may begin with what it ends with.
 *
 * @param arrivals of each account, ms
 */
export function computeUse(
  arrivals: readonly (readonly number[])[],
  { from, to }: { readonly from: number; readonly to: number },
  quotaPerSecond: number,
): number {
  const counted = arrivals.flat().filter((at) => at >= from && at < to).length;
  return counted / ((to - from) / 1000) / (quotaPerSecond * arrivals.length);
}
