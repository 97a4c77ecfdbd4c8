import type { LogEntry, LogLevel } from '../../shared/contract/console-logs.ts';
import type { Operations } from '../operations/operations.ts';
import { formatTime, printable, type Terminal } from '../terminal.ts';
import type { Followed, ShownLines } from './shown-lines.ts';

export interface LogFilter {
  readonly level: LogLevel;
  /** With so many of the latest lines it begins. */
  readonly latest: number;
}

/** The log lines of all processes, beginning with the latest. */
export function followLogs(
  operations: Pick<Operations, 'readLogs'>,
  terminal: Pick<Terminal, 'show' | 'remark'>,
  lines: ShownLines,
  { level, latest }: LogFilter,
): Followed {
  let cursor: string | undefined;
  const look = async () => {
    const isFirst = cursor === undefined;
    const logs = await operations.readLogs({ cursor, level, latest });
    cursor = logs.nextCursor;
    if (isFirst && logs.data.length === 0 && latest > 0)
      terminal.remark('No log lines yet: processes share them unless LOG_SHARING is false.');
    if (logs.isMissed) {
      lines.forget('missed logs');
      lines.showNew(
        'missed logs',
        { missed: true },
        'some log lines were forgotten before they could be read',
      );
    }
    for (const entry of logs.data) terminal.show({ at: entry.at, log: entry }, describeEntry(entry));
    return logs.isMore;
  };
  return { look };
}

/** `2026-03-01T08:00:02Z  warn   worker@host/4711  lane_held  the lane is held  detail=…`. */
function describeEntry({ at, level, from, event, message, fields }: LogEntry): string {
  const details = Object.entries(fields).map(([name, value]) => `${name}=${describeValue(value)}`);
  const words = [level.padEnd(5), from, event ?? '', message, details.join(' ')];
  return [formatTime(Date.parse(at)), ...words]
    .filter((word) => word !== '')
    .map((word) => (word.endsWith(' ') ? word : printable(word)))
    .join('  ');
}

/** An error without its stack, which has many lines: --json has it. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !('stack' in value)) return JSON.stringify(value);
  const { stack: _, ...rest } = value;
  return JSON.stringify(rest);
}
