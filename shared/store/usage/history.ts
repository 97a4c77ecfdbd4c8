import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import { readOr } from '../redis/failure.ts';

export const historyRanges = ['1h', '6h', '24h', '7d', '30d'] as const;
export type HistoryRange = (typeof historyRanges)[number];

/** How a range is divided. What is kept by the minute reaches back a day, what is kept by the hour 30 days. */
const DIVISIONS = {
  '1h': { kept: 'minutes', step: 1, points: 60 },
  '6h': { kept: 'minutes', step: 5, points: 72 },
  '24h': { kept: 'minutes', step: 15, points: 96 },
  '7d': { kept: 'hours', step: 2, points: 84 },
  '30d': { kept: 'hours', step: 6, points: 120 },
} as const satisfies Record<HistoryRange, object>;

export interface History {
  readonly stepSeconds: number;
  /** ms epoch: when the first point begins. */
  readonly from: number;
  /** `call|<code>`, `delivery|accepted`, `delivery|failed` → a count for each point, oldest first. */
  readonly series: ReadonlyMap<string, readonly number[]>;
}

/**
 * What was counted in a range, in equal steps. The last one is still being counted.
 *
 * @param now ms epoch
 */
export async function readHistory(
  redis: Redis,
  keys: StoreKeys,
  range: HistoryRange,
  now: number,
): Promise<History> {
  const { kept, step, points } = DIVISIONS[range];
  const unitSeconds = kept === 'minutes' ? 60 : 3_600;
  const stepSeconds = step * unitSeconds;
  const last = Math.floor(now / 1000 / stepSeconds);
  const first = last - points + 1;
  const unitsPerHash = kept === 'minutes' ? 60 : 24;
  const firstHash = Math.floor((first * step) / unitsPerHash);
  const lastHash = Math.floor(now / 1000 / unitSeconds / unitsPerHash);
  const numbers = Array.from({ length: lastHash - firstHash + 1 }, (_, i) => firstHash + i);
  const keyOf = kept === 'minutes' ? keys.historyMinutes : keys.historyHours;
  const hashes = await Promise.all(
    numbers.map((number) => readOr(redis.hgetall(keyOf(number)), {} as Record<string, string>)),
  );
  const series = new Map<string, number[]>();
  hashes.forEach((hash, i) => {
    for (const [unit, name, count] of parseFields(hash)) {
      const point = Math.floor(((numbers[i] ?? 0) * unitsPerHash + unit) / step) - first;
      if (point < 0 || point >= points) continue;
      const counts = series.get(name) ?? Array<number>(points).fill(0);
      counts[point] = (counts[point] ?? 0) + count;
      series.set(name, counts);
    }
  });
  return { stepSeconds, from: first * stepSeconds * 1000, series: withoutNegatives(series) };
}

/** A call that was taken for lost is counted off where its answer came, which may be a step later. */
function withoutNegatives(series: ReadonlyMap<string, readonly number[]>): History['series'] {
  return new Map([...series].map(([name, counts]) => [name, counts.map((count) => Math.max(0, count))]));
}

function parseFields(
  hash: Readonly<Record<string, string>>,
): [unit: number, series: string, count: number][] {
  return Object.entries(hash).flatMap(([field, text]) => {
    const [, unit, name] = /^(\d{1,2})\|(.+)$/.exec(field) ?? [];
    const count = Number(text);
    return name !== undefined && Number.isSafeInteger(count) ? [[Number(unit), name, count] as const] : [];
  }) as [number, string, number][];
}
