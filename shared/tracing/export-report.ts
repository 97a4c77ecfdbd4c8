import type { Logger } from 'pino';

/** A collector that is down fails an export every few seconds; an operator needs to read it once in a while. */
const SAY_AGAIN_MS = 10 * 60_000;

/** Logs that traces are lost: at once, and every ten minutes while it goes on. */
export function createExportReport(log: Logger, now: () => number): (error: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (now() - saidAt < SAY_AGAIN_MS) return;
    saidAt = now();
    log.warn({ event: 'traces_lost', reason: describe(error) }, 'traces cannot be exported');
  };
}

/** Not the message: that of an exporter has what the collector answered. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = 'code' in error && error.code !== undefined ? ` ${error.code}` : '';
  return `${error.name}${code}`;
}

/**
 * What the SDK complains of when it starts, without the values: URLs (quoted) and headers (in brackets) hold secrets.
 */
export function withholdValues(complaint: string): string {
  return complaint.replace(/'.*'/s, "'…'").replace(/\(.*\)/s, '(…)');
}
