/** Of `StoreKeys`, what operators leave, and what they follow. */
export interface OperatorKeys {
  /** Hash: what a console session's token is kept as → `<begun> <last used>` (ms epoch) and the hash of its operator's key. */
  consoleSessions(): string;
  /** Hash: hash of an operator's key → the operator. */
  operators(): string;
  /** Hash: hash of an operator's key, or `environment` → when it was last used (ms epoch), a minute late at most. */
  operatorUses(): string;
  /** Stream of at most 2,000 entries: what operators did, as earlier versions wrote it down. */
  operatorActivity(): string;
  /** Hash that expires: when and by whom a client's verification was erased, and what there was of it. */
  erasure(clientId: string, id: string): string;
  /** Sorted set that expires: what was erased of a client's verifications → when (ms epoch), as long as receipts can be had. */
  erasures(clientId: string): string;
  /** Stream: the audit trail, entries by their numbers (`0-<number>`). */
  auditTrail(): string;
  /** List: `<ms epoch> <event>` of what was done and is not in the chain yet. */
  auditWaiting(): string;
  /** String that expires: the events of one call have been written down. */
  auditNoted(token: string): string;
  /** Hash: number and hash of the last entry; what was dropped, and its checkpoint; up to where the head was logged. */
  auditHead(): string;
  /** Hash: settings that say what is kept (JSON) → when a worker that runs with them last said so (ms epoch). */
  processingSettings(): string;
  /** Stream of at most about 1,000 entries: log lines of all processes. No subject is in them. */
  sharedLogs(): string;
  /** String that expires: an operator follows lines of this level just now. */
  wantedLogs(level: string): string;
}

/** @param tag what the store's keys begin with */
export function operatorKeys(tag: string): OperatorKeys {
  return {
    consoleSessions: () => `${tag}:console-sessions`,
    operators: () => `${tag}:operators`,
    operatorUses: () => `${tag}:operator-uses`,
    operatorActivity: () => `${tag}:operator-activity`,
    erasure: (clientId, id) => `${tag}:erasure:${clientId}:${id}`,
    erasures: (clientId) => `${tag}:erasures:${clientId}`,
    auditTrail: () => `${tag}:audit-trail`,
    auditWaiting: () => `${tag}:audit-waiting`,
    auditNoted: (token) => `${tag}:audit-noted:${token}`,
    auditHead: () => `${tag}:audit-head`,
    processingSettings: () => `${tag}:processing-settings`,
    sharedLogs: () => `${tag}:logs`,
    wantedLogs: (level) => `${tag}:logs-wanted:${level}`,
  };
}
