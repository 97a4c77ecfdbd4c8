import { WORKER } from '../../shared/audit/actor.ts';
import type { AuditEvent } from '../../shared/audit/audit-entry.ts';
import { repairWeightSum } from '../../shared/store/clients/weight-sum.ts';
import { releaseLeft } from '../../shared/store/endpoints/release-deferred.ts';
import { dropNotices } from '../../shared/store/notices/drop-notices.ts';
import { forgetVerification } from '../../shared/store/verifications/forget.ts';
import { createEachEntry, type EachEntry } from './each-entry.ts';
import { createExpireSubjects } from './expire-subjects.ts';
import { createKeepAudit } from './keep-audit.ts';
import { createRemoveEndedJobs } from './remove-ended-jobs.ts';
import { createRemoveOrphans, createRequeueUnanswered, createRequeueUndelivered } from './requeue-strays.ts';
import type { SweepDeps, SweepStep } from './sweep-deps.ts';
import { createSweepWalk } from './sweep-walk.ts';
import { createWatchBudgets } from './watch-budgets.ts';

/** @returns whether there may be as much to do again at once */
export type Sweep = () => Promise<boolean>;

/** Done at a time, so that a sweep never holds Redis or this process up. */
const BATCH = 200;

/**
 * Does what time demands, and what nothing else would ever do: answers verifications whose subject may not be kept any
 * longer, forgets records whose retention is over, and gives records without a job their job back. Several workers
 * sweeping at once do no harm, because every step is decided within Redis.
 *
 * A step that fails takes no other with it.
 */
export function createSweep(deps: SweepDeps): Sweep {
  const each = createEachEntry(deps);
  const steps = [
    createExpireSubjects(deps, each),
    createForgetOld(deps, each),
    createRequeueUnanswered(deps, each),
    createRequeueUndelivered(deps, each),
    createRemoveOrphans(deps, each),
    createRemoveEndedJobs(deps, each),
    createWatchBudgets(deps),
    createRepairWeights(deps),
    createKeepAudit(deps),
    createDropNotices(deps),
    createReleaseLeft(deps),
  ];
  return async () => {
    let more = false;
    let failed = false;
    for (const step of steps) {
      try {
        more = (await step.run()) || more;
      } catch (error) {
        failed = true;
        noteFailure(deps, step, error);
      }
    }
    if (!failed) deps.metrics.lastSweep.set(deps.now() / 1000);
    return more && !failed;
  };
}

function noteFailure({ metrics, writes, log }: SweepDeps, { name }: SweepStep, error: unknown): void {
  metrics.sweepErrors.inc();
  // An outage is logged once, for all that meet it.
  if (!writes.note(error)) log.warn({ event: 'sweep_failed', step: name, err: error }, 'a sweep failed');
}

function createForgetOld(deps: SweepDeps, each: EachEntry): SweepStep {
  const { redis, keys, metrics, audit, now } = deps;
  const walk = createSweepWalk(redis, keys.retention(), now);
  return {
    name: 'forgotten',
    run: async () => {
      const due = await walk.take(BATCH);
      let forgotten = 0;
      await each('forgotten', due, async (id) => {
        if ((await forgetVerification(deps, { id, clientId: null, now: now() })) === 'forgotten')
          forgotten += 1;
        metrics.swept.inc({ what: 'forgotten' });
      });
      if (forgotten > 0) await audit.note(describeForgetting(forgotten));
      return due.length === BATCH;
    },
  };
}

/** One entry of the audit trail for all of a batch: their number, not each of them. */
const describeForgetting = (count: number): AuditEvent => ({
  ...WORKER,
  action: 'forget_verifications',
  targetKind: 'lane',
  target: null,
  result: 'forgotten',
  details: { count },
});

/** What promises are worked out from is right again after a version before, or a hand, has changed a client. */
function createRepairWeights({ redis, keys }: SweepDeps): SweepStep {
  return {
    name: 'weights',
    run: async () => {
      await repairWeightSum(redis, keys);
      return false;
    },
  };
}

function createDropNotices(deps: SweepDeps): SweepStep {
  return {
    name: 'notices',
    run: async () => (await dropNotices(deps, { keptMs: deps.retentionMs, limit: BATCH })) === BATCH,
  };
}

/** Nothing keeps these events any more, and the process that was to send them has ended. */
function createReleaseLeft(deps: SweepDeps): SweepStep {
  const report = (name: string, reason: string) =>
    deps.log.warn({ event: 'passed_by', name, reason }, 'an event that waits cannot be read');
  return {
    name: 'held',
    run: async () => (await releaseLeft(deps, { now: deps.now(), limit: BATCH, report })) >= BATCH,
  };
}

export interface Sweeping {
  stop(): Promise<void>;
}

/** Sweeps every so often; at once again when there was more than one batch to do. */
export function startSweeping(deps: SweepDeps, everyMs: number): Sweeping {
  const sweep = createSweep(deps);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const run = async () => {
    const more = await sweep();
    if (stopped) return;
    timer = setTimeout(next, more ? 0 : everyMs).unref();
  };
  const next = () => {
    running = run();
  };
  timer = setTimeout(next, everyMs).unref();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
