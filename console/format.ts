/** Numbers and times as an operator reads them. Pure: `now` and the zone come from outside. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** Signs of units of time. */
export interface TimeUnits {
  readonly s: string;
  readonly min: string;
  readonly h: string;
  readonly d: string;
}

const ENGLISH: TimeUnits = { s: 's', min: 'min', h: 'h', d: 'd' };

const EXACT = new Intl.NumberFormat('en', { maximumFractionDigits: 20 });

export const formatNumber = (value: number): string => NUMBER.format(value);

/** What an operator or a client has set: nothing of it is rounded away. */
export const formatSetting = (value: number): string => EXACT.format(value);

/** `16 s`, `4 min`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function formatDuration(seconds: number, units: TimeUnits = ENGLISH): string {
  const whole = Math.ceil(seconds);
  if (whole < 120) return `${whole} ${units.s}`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} ${units.min}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return join(`${hours} ${units.h}`, minutes % 60, units.min);
  return join(`${Math.floor(hours / 24)} ${units.d}`, hours % 24, units.h);
}

function join(large: string, small: number, unit: string): string {
  return small === 0 ? large : `${large} ${small} ${unit}`;
}

/**
 * The time of day, with the date unless it is today's.
 *
 * @param instant RFC 3339
 * @param now ms epoch
 * @param timeZone the browser's unless given
 */
export function formatTime(instant: string, now: number, timeZone?: string): string {
  const zone = timeZone === undefined ? {} : { timeZone };
  const day = new Intl.DateTimeFormat('en-CA', {
    ...zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const time = new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit' });
  const at = new Date(instant);
  const date = day.format(at);
  return date === day.format(now) ? time.format(at) : `${date} ${time.format(at)}`;
}

/**
 * Date, time to the second and the zone: `2026-03-02 10:13:05 +08:00`.
 *
 * @param instant RFC 3339
 */
export function formatInstant(instant: string, timeZone?: string): string {
  const at = new Date(instant);
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  }).formatToParts(at);
  const read = (type: Intl.DateTimeFormatPartTypes) => parts.find((part) => part.type === type)?.value ?? '';
  const offset = read('timeZoneName').replace(/^GMT(?:[+]00:00)?/, '') || 'UTC';
  return `${read('year')}-${read('month')}-${read('day')} ${read('hour')}:${read('minute')}:${read('second')} ${offset}`;
}
