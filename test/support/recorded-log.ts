import { EventEmitter, once } from 'node:events';
import { pino } from 'pino';
import type { Logger } from '../../shared/log.ts';

export interface LogLine {
  readonly level: number;
  readonly msg?: string;
  readonly event?: string;
  readonly verification?: string;
  readonly code?: string;
  readonly [field: string]: unknown;
}

/** A log that tests read: what the parts report to an operator also shows a test that something has happened. */
export interface RecordedLog {
  readonly logger: Logger;
  readonly lines: readonly LogLine[];
  /** The `nth` line that matches, past or to come. */
  line(matches: (line: LogLine) => boolean, options?: LineWait): Promise<LogLine>;
}

interface LineWait {
  /** @default 1 */
  readonly nth?: number;
  /** @default 20 s */
  readonly withinMs?: number;
}

export function recordLog(level = 'debug'): RecordedLog {
  const lines: LogLine[] = [];
  const news = new EventEmitter().setMaxListeners(0);
  const logger = pino(
    { level },
    {
      write: (text: string) => {
        lines.push(JSON.parse(text) as LogLine);
        news.emit('line');
      },
    },
  );
  return {
    logger,
    lines,
    line: async (matches, { nth = 1, withinMs = 20_000 } = {}) => {
      const deadline = AbortSignal.timeout(withinMs);
      for (;;) {
        const found = lines.filter(matches)[nth - 1];
        if (found) return found;
        await once(news, 'line', { signal: deadline }).catch(() => {
          throw new Error(`Cannot find the log line: it must come within ${withinMs} ms (${matches})`);
        });
      }
    },
  };
}
