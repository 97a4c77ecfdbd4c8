import { type ApiKeyKeys, apiKeyKeys } from './api-key-keys.ts';
import { type EventKeys, eventKeys } from './event-keys.ts';
import { type OperatorKeys, operatorKeys } from './operator-keys.ts';
import { PHOTO_NAMES, type PhotoKeys, photoKeys } from './photo-keys.ts';
import { type PoolKeys, poolKeys } from './pool-keys.ts';
import { type PromiseKeys, promiseKeys } from './promise-keys.ts';
import { SHARE_NAMES, type ShareKeys, shareKeys } from './share-keys.ts';

/** BullMQ sorts `prioritized` by priority times this, plus a counter (its `getPriorityScore.lua`). */
const PRIORITY_SPAN = 0x1_0000_0000;

/** BullMQ sorts `delayed` by ms epoch times this, plus a counter (its `getDelayedScore.lua`). */
const DELAY_SPAN = 0x1000;

/** The scores in `prioritized` of all jobs of one priority, or of those from one to another: both ends included. */
export function priorityScores(
  from: number,
  to: number = from,
): { readonly first: number; readonly last: number } {
  return { first: from * PRIORITY_SPAN, last: (to + 1) * PRIORITY_SPAN - 1 };
}

/** When a job is due (ms epoch) by its score in `delayed`. */
export function dueOfScore(score: number): number {
  return Math.floor(score / DELAY_SPAN);
}

/**
 * Names of keys that scripts complete by what they read, `*` for each part. Scripts get them as functions
 * ({@link keyFunction}), because a key of another client, day or endpoint cannot be among their KEYS.
 */
const SCRIPT_NAMES = {
  record: 'record:*',
  allIndex: 'index-all',
  undeliveredIndex: 'index-undelivered',
  referenceIndex: 'index-references',
  clientIndex: 'index:*',
  clientStatusIndex: 'index:*:*',
  erasures: 'erasures:*',
  ledger: 'ledger:*',
  accountLedger: 'account-ledger:*',
  clientLedger: 'client-ledger:*:*',
  deferredDeliveries: 'held-deliveries:*',
  deferringEndpoints: 'held-endpoints',
  heartbeats: 'heartbeats',
  historyMinutes: 'history:minutes:*',
  historyHours: 'history:hours:*',
  endpointHistory: 'history:endpoint:*',
  client: 'client:*',
  feed: 'feed:*',
  feedNumbers: 'feed-numbers',
  noticeTypes: 'notice-types',
  notices: 'notices',
  ...SHARE_NAMES,
  waitingVerifications: 'verifications:prioritized',
  verificationJob: 'verifications:*',
  verificationCounter: 'verifications:pc',
  ...PHOTO_NAMES,
} as const;

/** The keys of BullMQ's that this program reads or writes itself (its `queue-keys.ts`, its `removeJobKeys.lua`). */
const QUEUE_NAMES = {
  active: 'active',
  delayed: 'delayed',
  events: 'events',
  failed: 'failed',
  marker: 'marker',
  meta: 'meta',
  paused: 'paused',
  prioritized: 'prioritized',
  stalled: 'stalled',
  wait: 'wait',
  waitingChildren: 'waiting-children',
  job: '*',
  jobDependencies: '*:dependencies',
  jobFailed: '*:failed',
  jobLock: '*:lock',
  jobProcessed: '*:processed',
  jobUnsuccessful: '*:unsuccessful',
} as const;

/** A key that a queue has one of. */
export type QueuePart = Exclude<keyof typeof QUEUE_NAMES, `job${string}`>;

/**
 * A Lua function that completes a key: `clientIndex` becomes `clientIndexKey(tag, client)`, of the store's
 * {@link StoreKeys.tag}, and `jobLock` becomes `jobLockKey(queue, job)`, of a {@link StoreKeys.queueStart}.
 *
 * @throws {Error} for a name that is none
 */
export function keyFunction(name: string): string {
  const inStore = Object.entries(SCRIPT_NAMES).find(([key]) => key === name);
  const inQueue = Object.entries(QUEUE_NAMES).find(([key]) => key === name);
  const [, pattern] = inStore ?? inQueue ?? [];
  if (pattern === undefined) throw new Error(`keys.ts must name the key ${name}`);
  const [first = '', ...others] = (inStore ? `:${pattern}` : pattern).split('*');
  const names = ['start', ...others.map((_, i) => `part${i + 1}`)];
  const parts = ['start', `'${first}'`, ...others.flatMap((text, i) => [`part${i + 1}`, `'${text}'`])];
  const value = parts.filter((part) => part !== "''").join(' .. ');
  return `local function ${name}Key(${names.join(', ')}) return ${value} end`;
}

function complete(pattern: string, parts: readonly string[]): string {
  const [first = '', ...others] = pattern.split('*');
  return first + others.map((text, i) => `${parts[i] ?? ''}${text}`).join('');
}

/**
 * Every Redis key and queue name of one lane.
 *
 * All of them carry the hash tag `{vq:<lane>}`, so a lane's keys live on one shard of a Redis Cluster
 * (multi-key scripts and MULTI stay possible) while lanes spread over shards. No other module may spell a key.
 */
export interface StoreKeys
  extends PoolKeys,
    PromiseKeys,
    OperatorKeys,
    PhotoKeys,
    ApiKeyKeys,
    EventKeys,
    ShareKeys {
  readonly lane: string;
  /** What all of them begin with. Scripts complete it ({@link keyFunction}). */
  readonly tag: string;
  /** BullMQ's `prefix` option; the queues' own keys follow it. */
  readonly queuePrefix: string;
  readonly verificationQueue: string;
  readonly deliveryQueue: string;
  /** BullMQ's list, set or sorted set of a queue. @param queue `verificationQueue` or `deliveryQueue`, as in those below */
  queueKey(queue: string, part: QueuePart): string;
  /** What BullMQ's keys of a queue begin with. Scripts complete it ({@link keyFunction}). */
  queueStart(queue: string): string;
  /** BullMQ's hash of a job. */
  jobKey(queue: string, jobId: string): string;
  /** String that expires: which worker has a job of BullMQ's. */
  jobLock(queue: string, jobId: string): string;
  /** Hash: what was submitted (no subject), attempts, outcome, delivery state. */
  record(id: string): string;
  /** Hash: the sealed subject; gone as soon as the outcome is final. */
  subject(id: string): string;
  /** Hash: what an Idempotency-Key stands for. `digest` is a digest, never the key the client sent. */
  idempotency(clientId: string, digest: string): string;
  /** Sorted set by submission time (ms epoch): every verification of the lane that has no outcome yet. */
  unfinishedIndex(): string;
  /** Sorted set by submission time (ms epoch): every verification of the lane, whosever it is. */
  allIndex(): string;
  /** Sorted set by the time (s epoch) of the outcome: verifications whose event was on its way when a sweep last looked. */
  undeliveredIndex(): string;
  /** Sorted set, all scores 0, `<reference> <id>`: found by range, exactly or by beginning. */
  referenceIndex(): string;
  /** Sorted set by the time (ms epoch) from which a record need not be kept any more. */
  retention(): string;
  /** Sorted sets by submission time (ms epoch): a client's verifications, all and by status. */
  clientIndex(clientId: string): string;
  clientStatusIndex(clientId: string, status: string): string;
  /** String that expires: what a worker writes to find out whether Redis takes writes again. */
  writeProbe(): string;
  /** Hash: worker id → number of verifications that process has in flight. */
  inFlight(): string;
  /** Sorted set: worker id → its last heartbeat (ms epoch of Redis' clock); without those that stopped in order. */
  heartbeats(): string;
  /** Hash: since when heartbeats have followed one another, and up to which silent worker jobs have been given back. */
  heartbeatWatch(): string;
  /** Hash: counters of calls per day (`yyyy-mm-dd`, +08:00), field `<clientId>|<code>|<billed|unbilled|unknown>`. */
  ledger(day: string): string;
  /** Hash: the same of one client and month (`yyyy-mm`), field `<dd>|<code>|<billed|unbilled|unknown>`. */
  clientLedger(clientId: string, month: string): string;
  /** String: when the ledger of a day was last copied to those of its clients (ms epoch). */
  ledgerCopied(day: string): string;
  /** List: the delivery attempts of one event, oldest first. */
  deliveryLog(id: string): string;
  /**
   * Stream: a client's events by their numbers (`0-<number>`). Of an outcome it has the verification's id, and the body is in
   * the record; of a notice it has the body.
   */
  feed(clientId: string): string;
  /** Hash: client → the last number that one of its events was given. */
  feedNumbers(): string;
  /** Hash: client → the types of notice that its endpoints ask for, separated by spaces. */
  noticeTypes(): string;
  /** Sorted set by the time (ms epoch) at which they were written: `<client> <number> <event id>` of each notice in a feed. */
  notices(): string;
  /** Hash: one client. */
  client(clientId: string): string;
  /** String: until when a client's submissions have used up its rate (µs epoch). */
  clientRate(clientId: string): string;
  /** Sorted set by the time (ms epoch) until which they are reserved: submissions of a client that are being accepted. */
  reservedPlaces(clientId: string): string;
  /** Set: clients with a budget. */
  budgetedClients(): string;
  /** Hash: `<clientId>|<day or month>` → `<yyyy-mm-dd or yyyy-mm> <80 or 100>`, the per cent of its budget that a client has spent. */
  budgetLevels(): string;
  /** Hash: `<minute>|<series>` → count, of one hour since the epoch. */
  historyMinutes(hour: number): string;
  /** Hash: `<hour>|<series>` → count, of one day since the epoch. */
  historyHours(day: number): string;
  /** Hash: `<hour since the epoch>|<accepted or failed>` → attempts to deliver there, and `latest`. */
  endpointHistory(endpoint: string): string;
  /** String: health of one callback endpoint; an endpoint is `<clientId> <origin>`. */
  endpointHealth(endpoint: string): string;
  /** Sorted set: verifications whose event is deferred until its endpoint is enabled, by completion time (ms epoch). */
  deferredDeliveries(endpoint: string): string;
  /** Set: endpoints with deferred events. */
  deferringEndpoints(): string;
  /** Set: endpoints whose health is written down. */
  unhealthyEndpoints(): string;
}

/** @param lane lower-case letters, digits and hyphens; it becomes part of every key */
export function storeKeys(lane: string): StoreKeys {
  const tag = `{vq:${lane}}`;
  const spell = (name: keyof typeof SCRIPT_NAMES, ...parts: string[]) =>
    `${tag}:${complete(SCRIPT_NAMES[name], parts)}`;
  const ofQueue = (queue: string, name: keyof typeof QUEUE_NAMES, ...parts: string[]) =>
    `${tag}:${queue}:${complete(QUEUE_NAMES[name], parts)}`;
  return {
    lane,
    tag,
    queuePrefix: tag,
    verificationQueue: 'verifications',
    deliveryQueue: 'deliveries',
    queueKey: (queue, part) => ofQueue(queue, part),
    queueStart: (queue) => ofQueue(queue, 'job', ''),
    jobKey: (queue, jobId) => ofQueue(queue, 'job', jobId),
    jobLock: (queue, jobId) => ofQueue(queue, 'jobLock', jobId),
    record: (id) => spell('record', id),
    subject: (id) => `${tag}:subject:${id}`,
    idempotency: (clientId, digest) => `${tag}:idempotency:${clientId}:${digest}`,
    unfinishedIndex: () => `${tag}:index`,
    allIndex: () => spell('allIndex'),
    undeliveredIndex: () => spell('undeliveredIndex'),
    referenceIndex: () => spell('referenceIndex'),
    ...promiseKeys(tag),
    ...operatorKeys(tag),
    ...apiKeyKeys(tag),
    ...poolKeys(tag),
    ...photoKeys(tag),
    ...eventKeys(tag),
    ...shareKeys(tag),
    retention: () => `${tag}:retention`,
    clientIndex: (clientId) => spell('clientIndex', clientId),
    clientStatusIndex: (clientId, status) => spell('clientStatusIndex', clientId, status),
    writeProbe: () => `${tag}:write-probe`,
    inFlight: () => `${tag}:in-flight`,
    heartbeats: () => spell('heartbeats'),
    heartbeatWatch: () => `${tag}:heartbeat-watch`,
    ledger: (day) => spell('ledger', day),
    clientLedger: (clientId, month) => spell('clientLedger', clientId, month),
    ledgerCopied: (day) => `${tag}:ledger-copied:${day}`,
    deliveryLog: (id) => `${tag}:delivery-log:${id}`,
    client: (clientId) => spell('client', clientId),
    feed: (clientId) => spell('feed', clientId),
    feedNumbers: () => spell('feedNumbers'),
    noticeTypes: () => spell('noticeTypes'),
    notices: () => spell('notices'),
    clientRate: (clientId) => `${tag}:client-rate:${clientId}`,
    reservedPlaces: (clientId) => `${tag}:reserved-places:${clientId}`,
    budgetedClients: () => `${tag}:budgeted-clients`,
    budgetLevels: () => `${tag}:budget-levels`,
    historyMinutes: (hour) => spell('historyMinutes', String(hour)),
    historyHours: (day) => spell('historyHours', String(day)),
    endpointHistory: (endpoint) => spell('endpointHistory', endpoint),
    endpointHealth: (endpoint) => `${tag}:endpoint-health:${endpoint}`,
    deferredDeliveries: (endpoint) => spell('deferredDeliveries', endpoint),
    deferringEndpoints: () => spell('deferringEndpoints'),
    unhealthyEndpoints: () => `${tag}:unhealthy-endpoints`,
  };
}

/**
 * Every Redis key of one upstream account: what holds for the account wherever it is used, and nothing of any verification.
 *
 * No script and no MULTI touches keys of an account and keys of the store, so that on a Redis Cluster each account may lie
 * on a shard of its own.
 */
export interface AccountKeys {
  /** Of the store whose verifications are asked on this account. */
  readonly lane: string;
  readonly account: string;
  /** Hash: what the account is asked at (endpoint, livemode, name), as its first worker wrote it down. */
  upstream(): string;
  /** Sorted set: the workers that use the account by the time (ms epoch) until which they count as present. */
  workers(): string;
  /** Hash: quota log, margin, rate, suspension: everything the limiter's script reads and writes. */
  quota(): string;
  /** Sorted set: upstream calls about one person by time (ms epoch), and until when the upstream wants no more. */
  person(digest: string): string;
}

/** The account of a deployment that has named none: the one of the environment. */
export const FIRST_ACCOUNT = 'main';

/**
 * The first account keeps the keys that it had when there was one account only (decision 16): under another name workers of
 * two versions side by side would spend its quota twice.
 *
 * @param account lower-case letters, digits and hyphens; not made of a credential, because credentials are rotated
 */
export function accountKeys(lane: string, account: string = FIRST_ACCOUNT): AccountKeys {
  const tag = account === FIRST_ACCOUNT ? `{vq:${lane}}` : `{vq:${lane}:${account}}`;
  return {
    lane,
    account,
    upstream: () => `${tag}:upstream`,
    workers: () => `${tag}:workers`,
    quota: () => `${tag}:quota`,
    person: (digest) => `${tag}:person:${digest}`,
  };
}
