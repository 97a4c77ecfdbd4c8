import { z } from 'zod';
import {
  type ConsoleLogs,
  LOG_LEVELS,
  type LogEntry,
  type LogLevel,
  type LogsQuery,
  MOST_LATEST,
} from '../../contract/console-logs.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { StoreKeys } from '../keys.ts';
import { classifyRedisError } from '../redis/failure.ts';
import type { Redis } from '../redis/redis-client.ts';
import { wantLogs } from './wanted-logs.ts';

const PER_CALL = 500;
const NOTHING_YET = '0-0';

/**
 * Log lines of all processes since a cursor, of a level and above; without a cursor the latest. What cannot be read is left
 * out. For some seconds after it, processes share lines of that level.
 *
 * @throws whatever ioredis throws
 */
export async function followLogs(redis: Redis, keys: StoreKeys, query: LogsQuery): Promise<ConsoleLogs> {
  const wanting = wantLogs(redis, keys, query.level).catch((error: unknown) => {
    // A Redis that takes no writes can still be read.
    if (classifyRedisError(error) !== 'refused') throw error;
  });
  const [logs] = await Promise.all([readLogs(redis, keys, query), wanting]);
  return logs;
}

async function readLogs(
  redis: Redis,
  keys: StoreKeys,
  { cursor, level, latest }: LogsQuery,
): Promise<ConsoleLogs> {
  const key = keys.sharedLogs();
  if (cursor === undefined) {
    const entries = (await redis.xrevrange(key, '+', '-', 'COUNT', MOST_LATEST)).toReversed();
    const found = parseEntries(entries, level);
    return {
      data: latest === 0 ? [] : found.slice(-latest),
      nextCursor: entries.at(-1)?.[0] ?? NOTHING_YET,
      isMore: false,
      isMissed: false,
    };
  }
  const [[first], entries] = await Promise.all([
    redis.xrange(key, '-', '+', 'COUNT', 1),
    redis.xrange(key, `(${cursor}`, '+', 'COUNT', PER_CALL),
  ]);
  const isMissed = first !== undefined && cursor !== NOTHING_YET && isAfter(first[0], cursor);
  return {
    data: parseEntries(entries, level),
    nextCursor: entries.at(-1)?.[0] ?? cursor,
    isMore: entries.length === PER_CALL,
    isMissed,
  };
}

type StreamEntry = readonly [id: string, fields: readonly string[]];

/** As pino writes it. */
const storedLine = jsonText(
  z.looseObject({
    level: z.number(),
    time: z.iso.datetime(),
    part: z.string().optional(),
    event: z.string().optional(),
    msg: z.string().optional(),
  }),
);

function parseEntries(entries: readonly StreamEntry[], least: LogLevel): LogEntry[] {
  return entries.flatMap(([, values]) => {
    const line = storedLine.safeParse(readValue(values, 'line'));
    if (!line.success || line.data.level < LOG_LEVELS[least]) return [];
    const { level, time, part: _, event, msg, ...fields } = line.data;
    return [
      {
        at: time,
        level: nameOfLevel(level),
        from: readValue(values, 'from'),
        event: event ?? null,
        message: msg ?? '',
        fields,
      },
    ];
  });
}

/** Names stand at the even places: a value may be equal to one. */
function readValue(values: readonly string[], name: string): string {
  const at = values.findIndex((value, i) => i % 2 === 0 && value === name);
  return at === -1 ? '' : (values[at + 1] ?? '');
}

/** One between two levels, which no process of ours writes, counts as the lower one. */
function nameOfLevel(level: number): LogLevel {
  const names = Object.keys(LOG_LEVELS) as LogLevel[];
  return names.findLast((name) => LOG_LEVELS[name] <= level) ?? 'debug';
}

/** An entry's id is its time (ms epoch) and a counter. */
function isAfter(id: string, other: string): boolean {
  const [at = 0, count = 0] = id.split('-').map(Number);
  const [otherAt = 0, otherCount = 0] = other.split('-').map(Number);
  return at > otherAt || (at === otherAt && count > otherCount);
}
