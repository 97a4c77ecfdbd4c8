/** The part of a pino logger that this folder uses. */
export interface RedisLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** A log for one connection of several, which are one outage together. */
export interface ConnectionLog extends RedisLog {
  /** For a further connection that BullMQ makes of this one. */
  another(): ConnectionLog;
  /** The connection has ended for good: what was wrong with it is over. */
  forget(): void;
}

/** Null for a log that knows nothing of other connections. */
export function asConnectionLog(log: RedisLog): ConnectionLog | null {
  return 'another' in log && 'forget' in log ? (log as ConnectionLog) : null;
}
