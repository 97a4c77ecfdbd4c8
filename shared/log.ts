import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * Names under which a subject or a secret could travel. No code path hands one to the logger; this is the second line
 * of defense, for the day one does.
 */
const sensitive = [
  'idCard',
  'IdCard',
  'name',
  'Name',
  'photo',
  'imageBase64',
  'ImageBase64',
  'authorization',
  'secret',
  'secretKey',
  'apiKey',
  'body',
  'payload',
];

/** Only what is known to be harmless: an error of the Redis client carries its command with all arguments. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...code };
}

/** One JSON line per event that matters; `part` tells the processes apart, `event` is stable. */
export function createLog(part: string, level: string): Logger {
  return pino({
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: {
      paths: sensitive.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '(redacted)',
    },
  });
}
