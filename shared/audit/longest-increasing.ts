/** The places of a longest strictly increasing run of values, which need not stand side by side. O(n log n). */
export function longestIncreasing(values: readonly number[]): readonly number[] {
  // Of each length the place where the best run of that length ends, and of each place the one before it in its run.
  const ends: number[] = [];
  const before: number[] = [];
  values.forEach((value, i) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    before[i] = low === 0 ? -1 : (ends[low - 1] ?? -1);
    ends[low] = i;
  });
  const run: number[] = [];
  for (let i = ends.at(-1) ?? -1; i !== -1; i = before[i] ?? -1) run.push(i);
  return run.reverse();
}
