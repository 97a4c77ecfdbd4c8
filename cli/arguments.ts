import { InvalidArgumentError } from 'commander';
import { MOST_LATEST } from '../shared/contract/console-logs.ts';
import { MAX_LIMIT } from '../shared/store/clients/client-limits.ts';
import { MAX_WEIGHT, MIN_WEIGHT } from '../shared/store/clients/client-weight.ts';
import { UNIT_MS } from '../shared/time-units.ts';

/** `30s`, `5m`, `24h`, `7d` in ms. */
export function parseDuration(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (amount === undefined)
    throw new InvalidArgumentError('It must be a duration such as 30s, 5m, 24h or 7d.');
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** An RFC 3339 time or a day (UTC), or a duration before now; ms epoch. */
export function parseTime(text: string): number {
  if (/^\d{1,6}[smhd]$/.test(text)) return Date.now() - parseDuration(text);
  const isTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError(
      'It must be a time such as 2026-03-01T08:00:00Z, a day, or 2h for two hours ago.',
    );
  }
  return time;
}

/** `yyyy-mm-dd`, as it stands in the calendar. */
export function parseDay(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) {
    throw new InvalidArgumentError('It must be a day such as 2026-03-01.');
  }
  return text;
}

export function parsePort(text: string): number {
  return parseNumber(text, 0, 65_535, 'It must be a port, 0 to 65535.');
}

export function parseLimit(text: string): number {
  return parseNumber(text, 1, 100_000, 'It must be a whole number, 1 to 100000.');
}

/** The number of an event, or 0. */
export function parseSequence(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be the number of an event, or 0.');
}

/** The number of an entry of the audit trail, or 0. */
export function parseEntryNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be the number of an entry, or 0.');
}

/** With how many of the latest log lines to begin. */
export function parseLatest(text: string): number {
  return parseNumber(text, 0, MOST_LATEST, `It must be a whole number, 0 to ${MOST_LATEST}.`);
}

export function parseWeight(text: string): number {
  return parseNumber(
    text,
    MIN_WEIGHT,
    MAX_WEIGHT,
    `It must be a whole number, ${MIN_WEIGHT} to ${MAX_WEIGHT}.`,
  );
}

/** Events a second; the server's bounds. */
export function parseRate(text: string): number {
  const rate = /^\d{1,4}(\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
  if (rate >= 0.1 && rate <= 1_000) return rate;
  throw new InvalidArgumentError('It must be a number, 0.1 to 1000.');
}

/** 0 sets no limit. */
export function parseCap(text: string): number {
  return parseNumber(text, 0, MAX_LIMIT, `It must be a whole number, 0 to ${MAX_LIMIT}.`);
}

export function parseBudget(text: string): number {
  return parseNumber(text, 1, MAX_LIMIT, `It must be a whole number, 1 to ${MAX_LIMIT}.`);
}

/** An option that can be given several times, or with several values at once. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function parseNumber(text: string, min: number, max: number, rule: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new InvalidArgumentError(rule);
}
