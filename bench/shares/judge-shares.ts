import type { RecordedCall } from './shares-chain.ts';

/** The most calls by which a client was away from its share, in any window of a minute, or what there was of one. */
export function computeWorstDeviation(
  calls: readonly RecordedCall[],
  weights: readonly number[],
): { readonly client: number; readonly calls: number } {
  const sum = weights.reduce((a, b) => a + b, 0);
  let worst = { client: 0, calls: 0 };
  for (const [client, weight] of weights.entries()) {
    let [from, own] = [0, 0];
    for (const [to, call] of calls.entries()) {
      if (call.client === client) own += 1;
      for (let first = calls[from]; first && first.atMs <= call.atMs - 60_000; first = calls[from]) {
        if (first.client === client) own -= 1;
        from += 1;
      }
      const away = Math.abs(own - (weight / sum) * (to - from + 1));
      if (away > worst.calls) worst = { client, calls: away };
    }
  }
  return worst;
}

/** When the first call about each verification arrived, by `<client>-<serial>`. */
export function firstCalls(calls: readonly RecordedCall[]): ReadonlyMap<string, number> {
  const first = new Map<string, number>();
  for (const { client, serial, atMs } of calls) {
    const key = `${client}-${serial}`;
    if (!first.has(key)) first.set(key, atMs);
  }
  return first;
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}
