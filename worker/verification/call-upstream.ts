import type { Logger } from 'pino';
import type { Limiter } from '../../shared/account/limiter/limiter.ts';
import type { AbortedWait, ReservedSlot } from '../../shared/account/limiter/reservation.ts';
import type { SlotOrder } from '../../shared/account/limiter/slot-order.ts';
import type { ClaimContext } from '../../shared/store/verifications/claim.ts';
import { markSent } from '../../shared/store/verifications/mark-sent.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { takeBackMark } from '../../shared/store/verifications/take-back-mark.ts';
import { accountLabel, type WorkerMetrics } from '../metrics.ts';
import type { AbandonReason } from '../upstream/open-exchange.ts';
import type { PreparedCall } from '../upstream/prepared-call.ts';
import type { CallResult, UpstreamClient } from '../upstream/upstream-client.ts';
import { isPastDeadline } from './deadline.ts';
import type { OwnedVerification } from './owned-verification.ts';
import type { PromiseKeeper } from './promise-keeper.ts';
import type { SlotRank } from './slot-rank.ts';

export interface CallDeps {
  /** Its connection batches no writes: a slot waits for the mark. */
  readonly marks: ClaimContext;
  /** Its connection waits refusals out: a mark is taken back in the end. */
  readonly claims: ClaimContext;
  readonly upstream: UpstreamClient;
  readonly limiter: Limiter;
  /** The account that is asked, where a file names the accounts; otherwise null. */
  readonly account: string | null;
  /** Of the calls while interactive and bulk verifications wait, 0 to 1. */
  readonly bulkShare: number;
  readonly promises: PromiseKeeper;
  readonly metrics: WorkerMetrics;
  readonly log: Logger;
  readonly now: () => number;
}

/** A call that came to something: an answer, or a failure of its own. */
export type Called = Exclude<CallResult, { status: 'not_sent' }>;

export type CallOutcome =
  | {
      readonly status: 'called';
      readonly call: Called;
      /** Under which the request was marked. */
      readonly callId: string;
      /** Null when it failed, or was answered, before it had a slot. */
      readonly slot: UsedSlot | null;
    }
  | { readonly status: 'not_called'; readonly why: NotCalled };

export type NotCalled =
  /** ms epoch */
  | { readonly status: 'limiter_closed'; readonly until: number }
  /** Another run has the verification: this one sends nothing and writes nothing. */
  | { readonly status: 'claim_lost' }
  /** The time is over by which its client wants an answer. */
  | { readonly status: 'deadline_passed' }
  | { readonly status: 'abandoned'; readonly reason: AbandonReason };

export interface UsedSlot {
  readonly seq: number;
  readonly probe: boolean;
  /** ms epoch */
  readonly askedAt: number;
  readonly waitedMs: number;
}

export interface CallRequest {
  readonly prepared: PreparedCall;
  readonly rank: SlotRank;
  /** Undefined for one that a version before has claimed. */
  readonly order: SlotOrder | undefined;
  /** Of a call before it that was held for too long: the wait for a slot goes on from there (`performance.now()`). */
  readonly since: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * One call: upload all but the tail ▸ reserve a slot ▸ mark that the request is leaving ▸ send the tail at the slot's instant.
 * No request leaves before the record says that it is about to; a mark whose request did not leave is taken back.
 *
 * @throws what Redis throws when it refuses the mark
 */
export async function callUpstream(
  deps: CallDeps,
  owned: OwnedVerification,
  request: CallRequest,
): Promise<CallOutcome> {
  const { rank, order, since } = request;
  const callId = makeRunToken();
  const upload = await deps.upstream.upload(request.prepared, request.signal);
  const asked = { at: deps.now(), tick: performance.now() };
  const slot = await reserveMarked(deps, owned, { callId, order, since, signal: upload.signal }).catch(
    async (error: unknown) => {
      await upload.abandon();
      throw error;
    },
  );
  if (slot.status === 'reserved') {
    const answer = upload.complete();
    void deps.promises.noteCall(owned.record, callId, deps.now());
    const used = noteUsed(deps, rank, slot, asked);
    const call = await answer;
    if (call.status !== 'not_sent' && call.sent) return { status: 'called', call, callId, slot: used };
    await takeBackMark(deps.claims, { id: owned.record.id, call: callId });
    return withoutSending(call, callId, used);
  }
  const call = await upload.abandon();
  if (slot.status !== 'aborted') return { status: 'not_called', why: slot };
  return isSharedFault(call)
    ? reportAtSlot(deps, request, { call, callId })
    : withoutSending(call, callId, null);
}

type Marked =
  | ReservedSlot
  | AbortedWait
  | Extract<NotCalled, { status: 'claim_lost' | 'limiter_closed' | 'deadline_passed' }>;

interface MarkRequest {
  readonly callId: string;
  readonly order: SlotOrder | undefined;
  readonly since: number | undefined;
  readonly signal: AbortSignal;
}

/** A slot that is due now, with the record marked. Without one, no mark of this call stands. */
async function reserveMarked(
  deps: CallDeps,
  owned: OwnedVerification,
  request: MarkRequest,
): Promise<Marked> {
  const { order, signal } = request;
  const reserving = { ...(order === undefined ? {} : { order }), signal };
  const unmark = () => takeBackMark(deps.claims, { id: owned.record.id, call: request.callId });
  let mayBeMarked = false;
  for (let { since } = request; ; ) {
    const slot = await deps.limiter.reserve({ ...reserving, since });
    if (slot.status !== 'reserved') {
      if (mayBeMarked) await unmark();
      return slot.status === 'aborted' ? slot : { status: 'limiter_closed', until: slot.until };
    }
    const readiness = await markAndWait(deps, owned, request, slot).catch(async (error: unknown) => {
      slot.cancel();
      await unmark();
      throw error;
    });
    if (readiness === 'due') return slot;
    if (readiness === 'claim_lost' || readiness === 'deadline_passed') {
      await unmark();
      return { status: readiness };
    }
    since = slot.since;
    mayBeMarked = true;
  }
}

/** Another run may have the verification by now, or the upload may be over: then the slot goes to the next waiter. */
async function markAndWait(
  deps: CallDeps,
  { record, claim }: OwnedVerification,
  { callId, signal }: MarkRequest,
  slot: ReservedSlot,
): Promise<'due' | 'late' | 'claim_lost' | 'deadline_passed'> {
  if (isPastDeadline(record, Math.max(slot.at, deps.now()))) {
    slot.cancel();
    return 'deadline_passed';
  }
  const { id } = record;
  const sentAt = new Date(deps.now()).toISOString();
  const leaving = { id, claim, call: callId, sentAt, bulkShare: deps.bulkShare, isProbe: slot.probe };
  const marking = await markSent(deps.marks, leaving);
  if (marking === 'marked' && !signal.aborted) return slot.due();
  slot.cancel();
  if (marking === 'marked') return 'late';
  deps.log.warn({ event: 'claim_lost', verification: id }, 'another run has claimed it: nothing is sent');
  return 'claim_lost';
}

function withoutSending(call: CallResult, callId: string, slot: UsedSlot | null): CallOutcome {
  if (call.status !== 'not_sent') return { status: 'called', call, callId, slot };
  return { status: 'not_called', why: { status: 'abandoned', reason: call.reason } };
}

/** One that every call meets, as credentials with which no request can be formed. */
const isSharedFault = (call: CallResult): call is Called =>
  call.status !== 'not_sent' && call.row.kind === 'account_fault';

/**
 * The limiter is closed by what a call with a slot found out. A fault that every call shares takes one too, although nothing
 * is sent: otherwise the limiter stays open, and all that waits tries again and again.
 */
async function reportAtSlot(
  deps: CallDeps,
  { rank, order, signal }: CallRequest,
  { call, callId }: { readonly call: Called; readonly callId: string },
): Promise<CallOutcome> {
  const asked = { at: deps.now(), tick: performance.now() };
  const slot = await deps.limiter.reserve({ ...(order === undefined ? {} : { order }), signal });
  if (slot.status === 'closed') {
    return { status: 'not_called', why: { status: 'limiter_closed', until: slot.until } };
  }
  if (slot.status === 'aborted') {
    return { status: 'not_called', why: { status: 'abandoned', reason: 'aborted' } };
  }
  await slot.due();
  return { status: 'called', call, callId, slot: noteUsed(deps, rank, slot, asked) };
}

function noteUsed(
  { metrics, account }: CallDeps,
  rank: SlotRank,
  { seq, probe }: ReservedSlot,
  asked: { readonly at: number; readonly tick: number },
): UsedSlot {
  const waitedMs = performance.now() - asked.tick;
  metrics.slotsGranted.inc({ rank, account: accountLabel(account) });
  metrics.slotWaitSeconds.observe(waitedMs / 1000);
  return { seq, probe, askedAt: asked.at, waitedMs };
}
