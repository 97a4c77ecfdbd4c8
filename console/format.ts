/** Numbers and times as an operator reads them. Pure: `now` and the zone come from outside. */

const NUMBER = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export const formatNumber = (value: number): string => NUMBER.format(value);

/** `16 s`, `4 min`, `2 h 5 min`, `3 d 4 h`: two units at most. */
export function formatDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return join(`${hours} h`, minutes % 60, 'min');
  return join(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
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

/** `match`, `no_match` … as words. */
export const formatWord = (word: string): string => word.replaceAll('_', ' ');

export const countOf = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`;
