import type { Logger } from '../../log.ts';
import type { ReportPassedBy } from './pass-by.ts';

/** Names that are remembered as logged: a page that is read every second would log the same one each time. */
const REMEMBERED = 10_000;

/** Logs what was passed by because Redis holds something else there than it should; each by name, and once. */
export function logPassedBy(log: Pick<Logger, 'warn'>): ReportPassedBy {
  const logged = new Set<string>();
  return (element, reason) => {
    if (logged.has(element)) return;
    if (logged.size >= REMEMBERED) logged.clear();
    logged.add(element);
    log.warn({ event: 'passed_by', element, reason }, 'an entry in Redis cannot be read');
  };
}
