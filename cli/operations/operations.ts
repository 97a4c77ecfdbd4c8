import type { AccountReport } from '../../shared/contract/accounts.ts';
import type { ConsoleChanges } from '../../shared/contract/console-changes.ts';
import type { ConsoleLogs, LogsQuery } from '../../shared/contract/console-logs.ts';
import type { LaneOverview } from '../../shared/contract/lane.ts';
import type { OperatorUsage } from '../../shared/contract/usage.ts';
import type { EndpointState } from '../../shared/store/endpoints/list-endpoints.ts';
import type { UsagePeriod } from '../../shared/store/verifications/usage-period.ts';

/** What came of letting an endpoint's events go. */
export type EndpointRelease =
  /** Done: how many events were sent, and how many still wait because the user stopped it. */
  | { readonly status: 'released'; readonly released: number; readonly left: number }
  /** The producer does it by itself; `already`: it had been asked before. */
  | { readonly status: 'releasing'; readonly already: boolean };

export interface Troubles {
  readonly endpoints: readonly Pick<EndpointState, 'clientId' | 'origin' | 'waiting'>[];
  readonly deadLetters: number;
}

/**
 * What operators do, whichever way: on Redis, or over the operators' API of a producer. An endpoint is `<client> <origin>`.
 *
 * @throws {CommandFailure} over the API; whatever ioredis throws on Redis
 */
export interface Operations {
  /** For questions: nothing, or ` at https://…` when it is not the Redis of the environment. */
  readonly at: string;
  readLaneName(): Promise<string>;
  showLane(): Promise<LaneOverview>;
  pauseLane(reason: string): Promise<'paused' | 'already_paused'>;
  /** What was ended; none when it was running. */
  resumeLane(): Promise<readonly string[]>;
  listAccounts(): Promise<readonly AccountReport[]>;
  /** @throws {CommandFailure} without an account of that name */
  pauseAccount(name: string, reason: string): Promise<'paused' | 'already_paused'>;
  /** What was ended; none when it was running. @throws {CommandFailure} without an account of that name */
  resumeAccount(name: string): Promise<readonly string[]>;
  /**
   * What has happened since a cursor.
   *
   * @param cursor null: from now on
   */
  readChanges(cursor: string | null): Promise<ConsoleChanges>;
  /** Log lines of all processes since a cursor, or the latest. */
  readLogs(query: LogsQuery): Promise<ConsoleLogs>;
  /** Endpoints that do not take their events, and how many events were given up. */
  readTroubles(): Promise<Troubles>;
  /**
   * Calls by day, client and code, and by account; the accounts of one client's calls are not known.
   *
   * @param clientId null: of all clients
   */
  readUsage(period: UsagePeriod, clientId: string | null): Promise<OperatorUsage>;
  /** Delivers one event again. @throws {CommandFailure} when it cannot be */
  redeliver(id: string): Promise<void>;
  listEndpoints(): Promise<readonly EndpointState[]>;
  holdEndpoint(endpoint: string): Promise<'held' | 'already_held'>;
  /** Declares it healthy, and sends what waits in the order in which it began to wait. */
  enableEndpoint(endpoint: string): Promise<EndpointRelease>;
}
