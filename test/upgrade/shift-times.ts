const DAY_MS = 86_400_000;
/** Numbers further than this from the recording are no times of it. */
const NEAR_MS = 60 * DAY_MS;

/** Instants as they stand in Redis, in how many of a unit a millisecond has: s, ms and µs epoch, and BullMQ's `delayed` score. */
const UNITS = [1 / 1000, 1, 1000, 4096] as const;

/** Moves what was recorded at one time to another, so that a wait of a minute is still one when the data is loaded. */
export interface TimeShift {
  /** Instants and days within a value, whatever stands around them. */
  text(value: string): string;
  score(value: number): number;
  /** `yyyy-mm-dd` */
  day(value: string): string;
  /** s epoch */
  second(value: number): number;
}

/**
 * @param recordedAt ms epoch
 * @param now ms epoch that takes its place. The difference is rounded down to a whole second, because some instants are kept
 *   in seconds
 */
export function createTimeShift(recordedAt: number, now: number): TimeShift {
  const byMs = Math.floor((now - recordedAt) / 1000) * 1000;
  const byDays = Math.round(byMs / DAY_MS);
  const score = (value: number) => {
    const unit = UNITS.find((perMs) => Math.abs(value / perMs - recordedAt) < NEAR_MS);
    return unit === undefined ? value : value + byMs * unit;
  };
  const day = (value: string) =>
    new Date(Date.parse(value) + byDays * DAY_MS).toISOString().slice(0, 'yyyy-mm-dd'.length);
  const instant = (value: string) => new Date(Date.parse(value) + byMs).toISOString();
  return {
    score,
    day,
    second: (value) => value + byMs / 1000,
    text: (value) =>
      value
        .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, instant)
        .replace(/\b\d{4}-\d\d-\d\d\b(?!T)/g, day)
        .replace(/(?<![\w.])(?:\d{10}|\d{13}|\d{16})(?![\w.])/g, (digits) => String(score(Number(digits)))),
  };
}
