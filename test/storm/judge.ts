import { groupBy } from './group-by.ts';
import { judgeFeed } from './judge-feed.ts';
import { judgeLedger, type LedgerJudgement } from './judge-ledger.ts';
import { judgeQuota } from './judge-quota.ts';
import { personOfJob } from './person-of-job.ts';
import { computeRecovery, type Recovery } from './recovery.ts';
import type { JobFacts, ShownVerification, StormFacts } from './storm-facts.ts';
import { computeWaits, type Waits } from './waits.ts';

/** One broken promise about one job, or about the system as a whole (job null). */
export interface Breach {
  readonly invariant: Invariant;
  readonly job: number | null;
  readonly detail: string;
}

export const INVARIANTS = {
  lost: 'accepted, and no final event and no dead letter',
  refused: 'a good submission, answered with something else than 202, 409, 429 or 503',
  two_ids: 'one job, more than one verification or webhook-id',
  two_bodies: 'one webhook-id, more than one body',
  wrong_answer: 'an event, or what is shown, with a code that the upstream never gave about this person',
  quarantined: 'answered Veriqueue.Quarantined although no verification killed a worker',
  unmarked: 'charged more than once, and the event does not say that it may have been',
  asked_after_ack: 'asked again after its event was acknowledged',
  ledger_missing: 'calls of the upstream that the ledger does not have',
  ledger_twice: 'answers that the ledger has more often than the upstream gave them',
  ledger_unexplained:
    'calls in the ledger that never arrived, and no indeterminate attempt that explains them',
  residue: 'left in Redis',
  over_quota: 'arrivals beyond the quota of a rolling second',
  exits: 'processes that ended by themselves',
  feed_gap: 'a number of the feed that no event has, or that two have',
  feed_differs: 'an event whose number at the receiver is not the one in the feed',
  forgeries: 'events with a wrong signature or body',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Judgement {
  readonly accepted: number;
  readonly acknowledged: number;
  readonly calls: number;
  readonly posts: number;
  readonly faults: number;
  readonly skippedFaults: number;
  /** Jobs charged more than once. */
  readonly paidTwice: number;
  /** Events that say so although the upstream charged once at most. */
  readonly markedInCaution: number;
  /** Of those, events of jobs whose only call was answered whole: nothing could be unknown. */
  readonly markedWithoutCause: readonly number[];
  readonly redelivered: number;
  /** See {@link Residue}. */
  readonly setAside: number;
  readonly mostInRollingSecond: number;
  readonly recovery: Recovery;
  readonly waits: Waits;
  readonly breaches: readonly Breach[];
}

/** Judges a storm by its outside logs. */
export function judgeStorm(facts: StormFacts, redelivered: number): Judgement {
  const jobs = gather(facts);
  const quota = judgeQuota(facts.calls, facts.quotaPerSecond);
  const marked = jobs.filter((job) => isMarked(job) && countCharged(job) < 2);
  const ledger = judgeLedger(facts, jobs);
  return {
    accepted: jobs.filter(({ accepted }) => accepted).length,
    acknowledged: jobs.filter(({ acknowledgedAt }) => acknowledgedAt !== null).length,
    calls: facts.calls.length,
    posts: facts.posts.length,
    faults: facts.faults.length,
    skippedFaults: facts.faults.filter(({ note }) => note.startsWith('skipped')).length,
    paidTwice: jobs.filter((job) => countCharged(job) > 1).length,
    markedInCaution: marked.length,
    markedWithoutCause: marked
      .filter(({ calls }) => calls.length === 1 && calls[0]?.answeredAt !== null)
      .map(({ job }) => job),
    redelivered,
    setAside: facts.residue.setAside,
    mostInRollingSecond: quota.mostInRollingSecond,
    recovery: computeRecovery(jobs, facts.faults),
    waits: computeWaits(jobs, facts.calls),
    breaches: [
      ...jobs.flatMap((job) => judgeJob(job, facts)),
      ...describeLedger(ledger),
      ...describeWhole(facts),
      ...judgeFeed(facts).map(({ invariant, detail }) => breach(invariant, null, detail)),
      ...(quota.over === 0
        ? []
        : [breach('over_quota', null, `${quota.over} beyond, ${quota.mostInRollingSecond} in a second`)]),
    ],
  };
}

/** Accepted, its key at work, too many at once, not now. */
const MEANT_TO_PASS = new Set([202, 409, 429, 503]);

export const countCharged = ({ calls }: JobFacts): number => calls.filter(({ charged }) => charged).length;

const isMarked = ({ posts }: JobFacts): boolean => posts.some(({ event }) => event.possiblyBilledAgain);

function gather({ jobs, submissions, calls, posts }: StormFacts): readonly JobFacts[] {
  const submissionsOf = groupBy(submissions, ({ job }) => job);
  const callsOf = groupBy(calls, ({ idCard }) => idCard);
  const postsOf = groupBy(posts, ({ event }) => event.job);
  return Array.from({ length: jobs }, (_, job) => {
    const entries = submissionsOf.get(job) ?? [];
    const own = postsOf.get(job) ?? [];
    const named = entries.flatMap(({ id }) => (id === null ? [] : [id]));
    const first = own.find(({ answer }) => answer === 'acknowledged');
    return {
      job,
      accepted: entries.some(({ status }) => status === 202),
      acceptedAt: entries.find(({ status }) => status === 202)?.answeredAt ?? null,
      refusals: entries.flatMap(({ status }) =>
        status === null || MEANT_TO_PASS.has(status) ? [] : [status],
      ),
      ids: new Set([...named, ...own.map(({ event }) => event.verification)]),
      calls: callsOf.get(personOfJob(job).idCard) ?? [],
      posts: own,
      acknowledgedAt: first?.answeredAt ?? null,
    };
  });
}

function judgeJob(job: JobFacts, { shown }: StormFacts): readonly Breach[] {
  const broken: Breach[] = [];
  const add = (invariant: Invariant, detail: string) => broken.push(breach(invariant, job.job, detail));
  const view = shown?.get(job.job);
  if (job.accepted && job.acknowledgedAt === null && view?.delivery !== 'dead') {
    add('lost', view === undefined ? 'nothing is shown' : `status ${view.status}, delivery ${view.delivery}`);
  }
  for (const status of job.refusals) add('refused', `with ${status}`);
  const webhookIds = new Set(job.posts.map(({ webhookId }) => webhookId));
  if (job.ids.size > 1 || webhookIds.size > 1) {
    add('two_ids', [...job.ids, ...webhookIds].join(' '));
  }
  for (const [id, same] of groupBy(job.posts, ({ webhookId }) => webhookId)) {
    const bodies = new Set(same.map(({ bodyHash }) => bodyHash));
    if (bodies.size > 1) add('two_bodies', `${id} has ${bodies.size}`);
  }
  for (const code of listWrongAnswers(job, view)) add('wrong_answer', code);
  if (job.posts.some(({ event }) => event.code === 'Veriqueue.Quarantined')) {
    add(
      'quarantined',
      `${job.calls.filter(({ abandonedAt }) => abandonedAt !== null).length} calls were abandoned`,
    );
  }
  if (job.acknowledgedAt === null) return broken;
  const charged = countCharged(job);
  if (charged > 1 && !isMarked(job)) add('unmarked', `charged ${charged} times`);
  const late = job.calls.filter(({ earliestAt }) => earliestAt > (job.acknowledgedAt ?? 0));
  for (const { at } of late) add('asked_after_ack', `${at - job.acknowledgedAt} ms after it`);
  return broken;
}

/** Stands for no answer. */
const OWN_CODE = /^(Veriqueue|Plain)\./;

function listWrongAnswers(
  { calls, posts }: JobFacts,
  view: ShownVerification | undefined,
): readonly string[] {
  const given = new Set(calls.map(({ code }) => code));
  const reported = new Set([...posts.map(({ event }) => event.code), view?.code ?? null]);
  return [...reported]
    .filter((code) => code !== null)
    .filter((code) => !OWN_CODE.test(code) && !given.has(code));
}

function describeLedger(ledger: LedgerJudgement | null): readonly Breach[] {
  if (ledger === null) return [];
  const { missing, twice, unexplained } = ledger;
  return [
    ...(missing > 0 ? [breach('ledger_missing', null, `${missing} calls`)] : []),
    ...twice.map(({ code, ledger: has, upstream }) =>
      breach('ledger_twice', null, `${code}: ${has} in the ledger, ${upstream} answered`),
    ),
    ...(unexplained > 0 ? [breach('ledger_unexplained', null, `${unexplained} calls`)] : []),
  ];
}

function describeWhole({ residue, unaskedExits, forgeries }: StormFacts): readonly Breach[] {
  return [
    ...residue.left.map((what) => breach('residue', null, what)),
    ...unaskedExits.map(({ part, how }) => breach('exits', null, `${part}: ${how}`)),
    ...forgeries.map((why) => breach('forgeries', null, why)),
  ];
}

function breach(invariant: Invariant, job: number | null, detail: string): Breach {
  return { invariant, job, detail };
}
