/**
 * Brings a client's events to one endpoint beside its callback, in the order of their numbers and one after the other, from
 * the feed. Nothing is written when an event is made: how far the endpoint is, is one number.
 */
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { Client, ClientEndpoint } from '../../shared/store/clients/client.ts';
import { openSecrets } from '../../shared/store/clients/signing-secrets.ts';
import { healthyEndpoint, reduceEndpointHealth } from '../../shared/store/endpoints/endpoint-health.ts';
import { endpointSecretContext } from '../../shared/store/push/push-endpoint.ts';
import { type PushProgress, type PushState, savePush, takePush } from '../../shared/store/push/push-state.ts';
import {
  type FeedReading,
  type NumberedEvent,
  readFeed,
} from '../../shared/store/verifications/read-feed.ts';
import type { ClientAuth } from '../../shared/webhook/client-auth.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';
import { attemptPost } from '../delivery/attempt-post.ts';
import { endpointOfDeadNotice, noticeOfDead } from '../delivery/dead-notice.ts';
import { computeAfterDeliveryAttempt } from '../delivery/delivery-schedule.ts';
import { openAuth } from '../delivery/open-auth.ts';
import { addPassedBy, computeSpan, dropPassedBy } from './known-span.ts';
import type { PushDeps } from './push-deps.ts';

/** Read at a time; each may have some kilobytes. */
const PAGE = 50;
/** What was read so long ago is read again before it is sent: its verification may have been erased, and with it the event. */
const PAGE_GOOD_FOR_MS = 1_000;

/** When there may be something to do again: `at` in ms epoch; null when the next event of the client says so. */
export interface PushEnd {
  readonly at: number | null;
}

const UNTIL_NEXT_EVENT: PushEnd = { at: null };
/** Another process has it, and may have looked for events just before the one that we know of. */
const BUSY_MS = 1_000;
/** Something that an operator has to put right, such as a sealing key that is missing. */
const UNUSABLE_MS = 60_000;

/** What one process does for one endpoint while it has the hold on it. */
interface Hold {
  readonly deps: PushDeps;
  readonly client: Client;
  readonly endpoint: ClientEndpoint;
  readonly secrets: readonly string[];
  /** What it asks for beside the signature. */
  readonly auth: ClientAuth | null;
  readonly save: (progress: PushProgress) => Promise<boolean>;
}

/** Sends what is due to one endpoint. It returns when nothing is, or the signal aborts. */
export async function pushEvents(deps: PushDeps, client: Client, endpoint: ClientEndpoint): Promise<PushEnd> {
  if (!endpoint.enabled || !isUsable(client, endpoint)) return UNTIL_NEXT_EVENT;
  const { owner, now } = deps;
  const taking = await takePush(deps, client.id, endpoint.id, owner);
  if (taking.status !== 'taken') return { at: taking.status === 'busy' ? now() + BUSY_MS : null };
  const { state } = taking;
  const target = { clientId: client.id, id: endpoint.id, owner, epoch: state.epoch };
  const save = (progress: PushProgress) => deps.writes.untilTaken(() => savePush(deps, target, progress));
  const context = endpointSecretContext(client.id, endpoint.id);
  const secrets = openSecrets(deps.keyRing, context, endpoint.secrets, now());
  const opening = openAuth(deps, client, { receiver: endpoint.id, url: endpoint.url, stored: endpoint.auth });
  if (secrets.length === 0) {
    deps.log.error(
      { event: 'endpoint_unreadable', client: client.id, endpoint: endpoint.id },
      'the secrets of an endpoint cannot be read',
    );
  }
  if (secrets.length === 0 || opening.status === 'unreadable') {
    await save({ release: true });
    return { at: now() + UNUSABLE_MS };
  }
  return pushAll({ deps, client, endpoint, secrets, auth: opening.auth, save }, state);
}

/** The origin may have been taken away from the client: its events wait, as those for a callback do. */
export function isUsable(client: Client, { url }: ClientEndpoint): boolean {
  return !client.disabled && URL.canParse(url) && isCallbackAllowed(client, new URL(url));
}

async function pushAll(hold: Hold, taken: PushState): Promise<PushEnd> {
  const { deps, client, endpoint, save } = hold;
  const span = computeSpan(taken, endpoint.types);
  if (span !== null && !(await save(span))) return UNTIL_NEXT_EVENT;
  let state = { ...taken, ...span };
  while (!deps.signal.aborted && state.health.status !== 'disabled') {
    const limit = isWaiting(state, deps.now()) ? 1 : PAGE;
    const page = await readFeed(deps.redis, deps.keys, { clientId: client.id, after: state.after, limit });
    state = withAttemptsOfDue(endpoint, state, page);
    if (isWaiting(state, deps.now())) {
      await save({ release: true });
      return { at: state.nextAt };
    }
    if (page.upTo === state.after) break;
    const next = await pushPage(hold, state, page);
    if (next === null) return UNTIL_NEXT_EVENT;
    state = next;
    if (await isCurrent(hold)) continue;
    await save({ ...positionOf(state), release: true });
    return { at: deps.now() };
  }
  await save({ ...positionOf(state), release: true });
  return UNTIL_NEXT_EVENT;
}

const isWaiting = ({ nextAt }: PushState, now: number): boolean => nextAt !== null && nextAt > now;

const positionOf = ({ after, attempts, nextAt }: PushState) => ({ after, attempts, nextAt });

/**
 * The attempts that were made, and the wait for the next one, are those of the event that is due. It may have been erased since, or
 * be of a type that the endpoint gets no more: the one behind it has its own.
 */
function withAttemptsOfDue(endpoint: ClientEndpoint, state: PushState, { events }: FeedReading): PushState {
  const [first] = events;
  const isDue = first?.sequence === state.after + 1 && isFor(endpoint, first);
  return isDue ? state : { ...state, attempts: 0, nextAt: null };
}

/** @returns the state after it; null when the deliveries are not this process' any more */
async function pushPage(hold: Hold, taken: PushState, page: FeedReading): Promise<PushState | null> {
  // Redis has lost its latest data and gives numbers again: receivers recognize what they have by its id.
  if (page.last < taken.after) return { ...taken, after: 0 };
  const { now, signal } = hold.deps;
  const isGoodUntil = now() + PAGE_GOOD_FOR_MS;
  let state = taken;
  for (const event of page.events) {
    // Before each event: at a low rate, or with a slow receiver, a page of them takes minutes.
    if (signal.aborted || now() > isGoodUntil || !(await isCurrent(hold))) return state;
    const next = await pushOne(hold, state, event);
    if (next === null || next.after < event.sequence) return next;
    state = next;
  }
  // What is missing behind the last one is kept no more.
  return { ...state, after: Math.max(state.after, page.upTo) };
}

/** Its address, its types, its secrets, or what its client may do, may have changed in the meantime. */
async function isCurrent({ deps, client, endpoint }: Hold): Promise<boolean> {
  const now = await deps.readEndpoint(client.id, endpoint.id);
  return now === endpoint || JSON.stringify(now) === JSON.stringify(endpoint);
}

/** @returns the state after it; null when the deliveries are not this process' any more */
async function pushOne(hold: Hold, state: PushState, event: NumberedEvent): Promise<PushState | null> {
  const { deps, endpoint, save } = hold;
  if (!isFor(endpoint, event)) {
    // Written with the next one that is sent, or at the end.
    return { ...state, after: event.sequence };
  }
  const begunAt = deps.now();
  const result = await post(hold, event);
  const progress = decide(hold, state, event, result);
  report(hold, event, state, progress);
  // Before the rate is kept: a process that ends while it waits has written what it sent.
  if (!(await save(progress))) return null;
  await keepRate(hold, begunAt);
  return { ...state, ...progress };
}

/** One process sends to it, one event after the other: to wait here keeps the rate. @param begunAt ms epoch, of the attempt */
async function keepRate({ deps, endpoint: { ratePerSecond } }: Hold, begunAt: number): Promise<void> {
  const leftMs = ratePerSecond === null ? 0 : begunAt + 1000 / ratePerSecond - deps.now();
  if (leftMs > 0) await deps.pause(leftMs);
}

/** That an endpoint took nothing is said to the others. */
function isFor({ id, types }: ClientEndpoint, { body }: NumberedEvent): boolean {
  return types.some((type) => body.startsWith(`{"type":"${type}"`)) && endpointOfDeadNotice(body) !== id;
}

function decide(
  { deps, client, endpoint }: Hold,
  state: PushState,
  { sequence, id, body }: NumberedEvent,
  result: DeliveryResult,
): PushProgress {
  const now = deps.now();
  const health = reduceEndpointHealth(state.health, result, now);
  const attemptsMade = state.attempts + 1;
  const { schedule, random } = deps;
  const step = computeAfterDeliveryAttempt({ result, attemptsMade, schedule, health, now, random });
  const latest = {
    at: new Date(now - result.durationMs).toISOString(),
    sequence,
    status: result.result === 'unreachable' ? null : result.status,
    errorClass: result.result === 'unreachable' ? result.errorClass : null,
  };
  const passed = { after: sequence, attempts: 0, nextAt: null, latest };
  switch (step.step) {
    case 'delivered':
      return { ...passed, health: healthyEndpoint, ...dropPassedBy(state, sequence) };
    case 'dead':
      return {
        ...passed,
        health,
        dead: state.dead + 1,
        ...addPassedBy(state, sequence),
        notice: noticeOfDead(body, {
          id,
          clientId: client.id,
          endpoint: endpoint.id,
          attempts: attemptsMade,
          result,
          now,
        }),
        about: id.startsWith('ver_') ? id : null,
      };
    case 'retry':
      return { after: sequence - 1, attempts: attemptsMade, nextAt: step.at, health, latest };
    case 'defer':
      return { after: sequence - 1, attempts: attemptsMade, nextAt: null, health, latest };
    default:
      return step satisfies never;
  }
}

function report(
  { deps, client, endpoint }: Hold,
  { id }: NumberedEvent,
  before: PushState,
  after: PushProgress,
): void {
  const facts = { client: client.id, endpoint: endpoint.id, verification: id };
  if (after.dead !== undefined) {
    deps.log.error(
      { event: 'push_dead', ...facts },
      'an event is passed by: every attempt at an endpoint has failed',
    );
  }
  if (after.health?.status !== 'disabled' || before.health.status === 'disabled') return;
  deps.metrics.endpointsDisabled.inc({ reason: after.health.reason });
  deps.log.warn({ event: 'endpoint_held', ...facts, reason: after.health.reason }, 'an endpoint is held');
}

/** Bounded by the poster's time-out alone: an event that is under way when the process is to end is not posted twice for it. */
function post(
  { deps, endpoint: { url }, secrets, auth }: Hold,
  { id, body }: NumberedEvent,
): Promise<DeliveryResult> {
  return attemptPost(deps, { id, event: body, secrets }, (signed) => deps.post({ url, auth, ...signed }));
}
