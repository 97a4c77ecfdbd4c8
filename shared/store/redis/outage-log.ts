import type { RedisLog } from './redis-log.ts';

/**
 * A log for the connections of one process: an outage is one line when the first of them loses Redis and one when the last
 * is back, not as many as there are connections. A further reason within an outage (wrong password, for instance) is a
 * line of its own.
 */
export type OutageLog = (connection: string) => RedisLog;

export function createOutageLog(log: RedisLog): OutageLog {
  const away = new Set<string>();
  const logged = new Set<string>();
  return (connection) => ({
    warn: (fields, message) => {
      away.add(connection);
      const about = describe(fields);
      if (logged.has(about)) return;
      logged.add(about);
      log.warn({ ...fields, connection }, message);
    },
    info: (fields, message) => {
      const wasAway = away.delete(connection);
      if (wasAway && away.size > 0) return;
      if (wasAway) logged.clear();
      log.info({ ...fields, connection }, message);
    },
  });
}

/** All connections are lost for one reason, however their sockets put it. */
function describe(fields: object): string {
  const { event, reason } = fields as { readonly event?: unknown; readonly reason?: unknown };
  return event === 'redis_lost' ? 'redis_lost' : `${String(event)} ${String(reason)}`;
}
