import { DAY_MS, HOUR_MS } from './time-units.ts';

/**
 * The calendar of UTC+08:00, which has no daylight saving time. The upstream lives in it: its limits per day and its bill
 * change at midnight there, and so does the date by which a birth is in the future.
 */
const OFFSET_MS = 8 * HOUR_MS;

/**
 * @param now ms since the epoch
 * @returns the day as `yyyy-mm-dd`
 */
export function chinaDay(now: number): string {
  return new Date(now + OFFSET_MS).toISOString().slice(0, 10);
}

/**
 * @param day `yyyy-mm-dd`
 * @returns the first instant after it, in ms since the epoch
 */
export function endOfChinaDay(day: string): number {
  return Date.parse(day) + DAY_MS - OFFSET_MS;
}

/**
 * @param now ms since the epoch
 * @returns the first instant of the next day, in ms since the epoch
 */
export function nextChinaDay(now: number): number {
  return endOfChinaDay(chinaDay(now));
}
