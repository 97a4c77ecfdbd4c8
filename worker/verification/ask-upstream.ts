import type { Evidence } from '../../shared/account/limiter/limiter-command.ts';
import type { PersonLimit } from '../../shared/account/person-limit/person-limit.ts';
import type { OutcomeKind } from '../../shared/outcomes/outcome-row.ts';
import { labelOfCode } from '../../shared/outcomes/resolve-outcome.ts';
import { computeNextStep, type NextStep, type RetrySettings } from '../../shared/outcomes/retry-policy.ts';
import type { Subject } from '../../shared/sealing/subject.ts';
import { noteCall } from '../../shared/store/verifications/note-call.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { AccountChooser, Choice } from '../accounts/account-chooser.ts';
import type { WorkerAccount } from '../accounts/open-account.ts';
import type { JobResult, JobRun } from '../job/job-result.ts';
import { accountLabel } from '../metrics.ts';
import type { PreparedCall } from '../upstream/prepared-call.ts';
import type { RepeatReason } from '../upstream/upstream-client.ts';
import { type Asked, type AskedOn, type Made, mayMoveOn, type PersonScope } from './asked-on.ts';
import { type CallDeps, callUpstream } from './call-upstream.ts';
import { applyStep, type ConcludeDeps, goBackInLine, waitWithPerson } from './conclude-attempt.ts';
import { describeUndecidedCall } from './describe-call.ts';
import type { OwnedVerification } from './owned-verification.ts';
import { isRetryPriority, slotRank } from './slot-rank.ts';
import { traceCall } from './trace-call.ts';
import { withholdSubject } from './withhold-subject.ts';

/** What one verification is asked with: what all have in common, and the account that was chosen for it. */
interface AskDeps extends CallDeps, ConcludeDeps {
  readonly endpoint: URL;
  readonly persons: PersonLimit;
  readonly retry: RetrySettings;
  readonly personScope: PersonScope;
  readonly random: () => number;
}

export interface AskUpstreamDeps
  extends Omit<AskDeps, 'upstream' | 'endpoint' | 'persons' | 'limiter' | 'account'> {
  readonly accounts: AccountChooser;
}

export type AskUpstream = (owned: OwnedVerification, subject: Subject, run: JobRun) => Promise<JobResult>;

/** Fruitless calls that one claim sits out (refused as too fast, slot too late) before it goes back in line. */
const FRUITLESS_CALLS_SAT_OUT = 10;

/**
 * Asks the upstream about a claimed verification, and writes down what came of it. An account that turns out to be closed, at
 * fault or out of reach is left for another that is open, in the same claim; what it found out about the person is final.
 */
export function createAskUpstream({ accounts, ...common }: AskUpstreamDeps): AskUpstream {
  return async (owned, subject, run) => {
    const request = {
      clientId: owned.record.clientId,
      tried: isRetryPriority(run.priority),
      failedOn: owned.record.attempts.at(-1)?.account,
    };
    const tried = new Set<WorkerAccount>();
    let choice = await accounts.choose({ ...request, except: tried });
    if (choice.status === 'none') return stepBack({ ...common, account: null }, owned, choice);
    for (;;) {
      const { account } = choice;
      const { upstream, endpoint, persons, limiter } = account;
      const deps: AskDeps = { ...common, upstream, endpoint, persons, limiter, account: account.shownAs };
      tried.add(account);
      const result = await askOn(deps, owned, subject, run).finally(choice.leave);
      noteEnd(accounts, account, result);
      if (!mayMoveOn(result, common.personScope)) return conclude(deps, owned, subject, result);
      const next: Choice = await accounts.choose({ ...request, except: tried });
      if (next.status === 'none') return concludeHere(deps, owned, subject, { result, none: next });
      await leaveBehind(deps, owned, result);
      choice = next;
    }
  };
}

async function askOn(
  deps: AskDeps,
  owned: OwnedVerification,
  { idCard, name, photo }: Subject,
  run: JobRun,
): Promise<AskedOn> {
  const { extra } = owned.record;
  const admission = await deps.persons.admit(idCard);
  if (admission.status === 'wait') return { status: 'person_limit', until: admission.until };
  const prepared = await deps.upstream.prepare({
    idCard,
    name,
    photo,
    ...(extra === null ? {} : { extra }),
  });
  const asked = await askUntilDecided(deps, owned, { prepared, about: admission.tag }, run);
  if (asked.status === 'not_called') await deps.persons.giveBack(idCard, admission.reservation);
  return asked;
}

async function conclude(
  deps: AskDeps,
  owned: OwnedVerification,
  subject: Subject,
  asked: AskedOn,
): Promise<JobResult> {
  if (asked.status === 'person_limit') return waitWithPerson(deps, owned, asked.until);
  if (asked.status === 'not_called') {
    // The record is another run's now, and so is the job unless it comes here again.
    if (asked.why.status === 'claim_lost') return { result: 'hand_back' };
    return goBackInLine(deps, owned, asked.why);
  }
  const { step } = asked;
  if (step.step === 'postpone' && step.why === 'defer') await deps.persons.block(subject.idCard, step.at);
  return applyStep(deps, owned, { call: withholdSubject(asked.call, subject), callId: asked.callId }, step);
}

/** No other account is open: what the last one said stands, but it keeps nothing from being claimed that others may ask about. */
async function concludeHere(
  deps: AskDeps,
  owned: OwnedVerification,
  subject: Subject,
  { result, none }: { readonly result: AskedOn; readonly none: Extract<Choice, { status: 'none' }> },
): Promise<JobResult> {
  return result.status === 'not_called' && result.why.status === 'limiter_closed' && none.isAnyOpen
    ? stepBack(deps, owned, none)
    : conclude(deps, owned, subject, result);
}

async function stepBack(
  deps: ConcludeDeps,
  owned: OwnedVerification,
  { until, isAnyOpen }: Extract<Choice, { status: 'none' }>,
): Promise<JobResult> {
  const result = await goBackInLine(deps, owned, { status: 'limiter_closed', until });
  return isAnyOpen && result.result === 'lane_closed' ? { result: 'later', at: until } : result;
}

/** A call that another account is asked instead of: the ledger has it, if a request was sent. */
async function leaveBehind(deps: AskDeps, { record }: OwnedVerification, asked: AskedOn): Promise<void> {
  if (asked.status !== 'called') return;
  await noteUndecided(deps, record, asked);
  const { code, requestId } = asked.call;
  deps.log.info(
    { event: 'moved_on', verification: record.id, account: deps.account, code, requestId },
    'another account is asked',
  );
}

/** What this process alone learns about an account: its connections, and that its limiter turned a call away. */
function noteEnd(accounts: AccountChooser, account: WorkerAccount, asked: AskedOn): void {
  if (asked.status === 'person_limit') return;
  if (asked.status === 'not_called') {
    if (asked.why.status === 'limiter_closed') accounts.noteClosed(account, asked.why.until);
    return;
  }
  const { call } = asked;
  accounts.noteReach(account, call.status === 'answered' || call.sent ? null : call.cause);
}

interface Question {
  readonly prepared: PreparedCall;
  /** See `AttemptReport`. */
  readonly about: string;
}

async function askUntilDecided(
  deps: AskDeps,
  owned: OwnedVerification,
  { prepared, about }: Question,
  { signal }: JobRun,
): Promise<Asked> {
  const { record } = owned;
  const request = { prepared, rank: slotRank(record), order: record.turn ?? undefined, signal };
  let repeated: RepeatReason | null = null;
  // An upload can be held for less long than a bulk call may have to wait: begun again with each, the wait would never end.
  let since: number | undefined;
  for (let fruitless = 0; fruitless < FRUITLESS_CALLS_SAT_OUT; fruitless += 1) {
    const began = performance.now();
    const outcome = await traceCall(deps, record, () => callUpstream(deps, owned, { ...request, since }));
    if (outcome.status === 'not_called') {
      const { why } = outcome;
      if (why.status === 'abandoned' && why.reason === 'held_too_long' && !signal.aborted) {
        since ??= began;
        continue;
      }
      return outcome;
    }
    since = undefined;
    const { repeat } = outcome.call;
    const isRepeated = repeat !== null && repeat !== repeated;
    repeated = repeat;
    if (isRepeated) {
      if (repeat === 'clock_corrected') {
        countAttempt(deps, outcome);
        await noteUndecided(deps, record, outcome);
      }
      continue;
    }
    const step = await decide(deps, record, outcome, about);
    if (step.step !== 'again') return { ...outcome, step };
    await noteUndecided(deps, record, outcome);
  }
  return { status: 'not_called', why: { status: 'limiter_closed', until: deps.now() } };
}

/** A call that decides nothing: the ledger has it all the same. */
async function noteUndecided(
  deps: AskDeps,
  record: VerificationRecord,
  { call, callId }: Made,
): Promise<void> {
  await noteCall(deps.claims, record.id, describeUndecidedCall(deps, record, { call, callId }));
}

function countAttempt({ metrics, account }: AskDeps, { call: { row } }: Pick<Made, 'call'>): void {
  metrics.attempts.inc({ code: labelOfCode(row.code), kind: row.kind, account: accountLabel(account) });
}

const evidenceOf = {
  final: 'answered',
  fault: 'answered',
  daily_limit: 'answered',
  transient: 'failed',
  unknown: 'failed',
  pace: 'refused',
  account_fault: 'account_fault',
  maintenance: 'maintenance',
} as const satisfies Record<OutcomeKind, Evidence>;

async function decide(
  deps: AskDeps,
  record: VerificationRecord,
  { call, slot }: Made,
  about: string,
): Promise<NextStep> {
  const { row } = call;
  countAttempt(deps, { call });
  deps.metrics.attemptSeconds.observe(call.durationMs / 1000);
  if (slot !== null) await deps.limiter.report(evidenceOf[row.kind], slot, row.code, about);
  return computeNextStep({
    row,
    attemptsMade: record.attemptsCounted + 1,
    deferredBefore: record.deferredBefore,
    probe: slot?.probe === true,
    settings: deps.retry,
    now: deps.now(),
    random: deps.random,
  });
}
