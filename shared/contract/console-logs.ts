import { z } from 'zod';
import { queryNumber } from './query-number.ts';

/** The levels that can be followed, from the finest on, with pino's numbers. */
export const LOG_LEVELS = { debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const;
export type LogLevel = keyof typeof LOG_LEVELS;
export const logLevel = z.enum(['debug', 'info', 'warn', 'error', 'fatal']);

/** Always shared; finer lines are shared while an operator follows them. */
export const ALWAYS_SHARED: LogLevel = 'warn';

/** One log line as a process wrote it. */
export const logEntry = z.object({
  at: z.iso.datetime().describe('when it was written, by the clock of its process'),
  level: logLevel,
  from: z.string().describe('its process: `<part>@<host>/<process id>`'),
  event: z.string().nullable().describe('stable: docs/operations.md lists them'),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).describe('what it says besides'),
});
export type LogEntry = z.infer<typeof logEntry>;

/** `GET /console/api/logs`: log lines of all processes since a cursor. */
export const consoleLogs = z.object({
  data: z.array(logEntry).describe('in the order in which they arrived'),
  nextCursor: z.string(),
  isMore: z.boolean().describe('the next call gets more at once'),
  isMissed: z.boolean().describe('some lines were forgotten before they were read'),
});
export type ConsoleLogs = z.infer<typeof consoleLogs>;

/** As many of the latest lines are looked through for a follower who begins. */
export const MOST_LATEST = 500;

export const logsQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,20}-\d{1,20}$/)
    .optional()
    .describe('`nextCursor` of the answer before; without it, the latest lines'),
  level: logLevel.default('info').describe('the least level that is wanted'),
  latest: queryNumber({ min: 0, max: MOST_LATEST })
    .default(20)
    .describe('without a cursor: with so many lines it begins'),
});
export type LogsQuery = z.output<typeof logsQuery>;
