import type { ConnectionLog, RedisLog } from './redis-log.ts';

/**
 * A log for the connections of one process: an outage is one line when the first of them loses Redis and one when the last
 * is back, not as many as there are connections. A further reason within an outage (wrong password, for instance) is a
 * line of its own.
 */
export type OutageLog = (connection: string) => ConnectionLog;

export function createOutageLog(log: RedisLog): OutageLog {
  const away = new Set<object>();
  const logged = new Set<string>();
  const logOf = (connection: string): ConnectionLog => {
    const one: ConnectionLog = {
      warn: (fields, message) => {
        away.add(one);
        const about = describe(fields);
        if (logged.has(about)) return;
        logged.add(about);
        log.warn({ ...fields, connection }, message);
      },
      info: (fields, message) => {
        const wasAway = away.delete(one);
        if (wasAway && away.size > 0) return;
        if (wasAway) logged.clear();
        log.info({ ...fields, connection }, message);
      },
      forget: () => {
        if (away.delete(one) && away.size === 0) logged.clear();
      },
      another: () => logOf(connection),
    };
    return one;
  };
  return logOf;
}

/** All connections are lost for one reason, however their sockets put it. */
function describe(fields: object): string {
  const { event, reason } = fields as { readonly event?: unknown; readonly reason?: unknown };
  return event === 'redis_lost' ? 'redis_lost' : `${String(event)} ${String(reason)}`;
}
