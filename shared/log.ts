import { type DestinationStream, type Logger, pino } from 'pino';
import { gatherLines } from './log-output.ts';
import { redactFields } from './log-redaction.ts';

export type { Logger } from 'pino';

/** Only what is known to be harmless: an error of the Redis client carries its command with all arguments. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  return { type: error.name, message: error.message, stack: error.stack, ...code };
}

export interface LogOptions {
  /** Names the process among the others. */
  readonly part: string;
  readonly level: string;
  /** `auto`: pretty for a person at a terminal, JSON for everything else. */
  readonly format: 'auto' | 'json' | 'pretty';
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Is given every line as JSON, before it is written. It must not wait. */
  readonly share?: (line: string) => void;
}

/** One line per event that matters, on standard output; `event` is stable. To be called once in a process, by its main. */
export async function createLog({ part, level, format, isTerminal, share }: LogOptions): Promise<Logger> {
  const pretty = format === 'pretty' || (format === 'auto' && isTerminal);
  const output = gatherLines(pino.destination({ fd: 1, sync: true }));
  process.once('exit', output.flush);
  const written = pretty ? await openPretty(output) : output;
  if (share === undefined) return makeLog({ part, level }, written);
  return makeLog(
    { part, level },
    {
      write: (line) => {
        share(line);
        written.write(line);
      },
    },
  );
}

export function makeLog(
  { part, level }: Pick<LogOptions, 'part' | 'level'>,
  output: DestinationStream,
): Logger {
  return pino(
    {
      level,
      base: { part },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError },
      formatters: { log: redactFields },
    },
    output,
  );
}

/**
 * Formats in this very call, not in a stream or a thread of its own: the last lines of a process that exits are the ones
 * that say why. Loaded only when wanted; colours as the library finds them supported (NO_COLOR).
 */
async function openPretty(output: DestinationStream): Promise<DestinationStream> {
  const { prettyFactory } = await import('pino-pretty');
  const format = prettyFactory({
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: '{part} {event}: {msg}',
    ignore: 'part,event',
  });
  return { write: (line) => output.write(format(line)) };
}
