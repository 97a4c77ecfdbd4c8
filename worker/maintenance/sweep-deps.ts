import type { Logger } from 'pino';
import type { Audit } from '../../shared/store/audit/audit.ts';
import type { AtomicFlow } from '../../shared/store/queue/atomic-flow.ts';
import type { JobQueue } from '../../shared/store/queue/job-queue.ts';
import type { PatientWrites } from '../../shared/store/redis/patient-writes.ts';
import type { VerificationStore } from '../../shared/store/verifications/verification-store.ts';
import type { WorkerMetrics } from '../metrics.ts';
import type { FinishVerification } from '../verification/finish-verification.ts';

export interface SweepDeps extends VerificationStore {
  /** The lane's verification queue. */
  readonly queue: Pick<JobQueue, 'remove' | 'getJobState'>;
  readonly deliveries: Pick<JobQueue, 'remove'>;
  readonly flow: Pick<AtomicFlow, 'add'>;
  readonly finish: FinishVerification;
  readonly subjectTtlMs: number;
  /** Of events that bring no outcome, from when they were made. */
  readonly retentionMs: number;
  readonly audit: Audit;
  readonly auditRetentionMs: number;
  readonly writes: Pick<PatientWrites, 'note'>;
  readonly metrics: Pick<WorkerMetrics, 'swept' | 'sweepErrors' | 'sweepSkipped' | 'requeued' | 'lastSweep'>;
  readonly log: Logger;
  readonly now: () => number;
}

/** One kind of upkeep. */
export interface SweepStep {
  readonly name:
    | 'expired'
    | 'forgotten'
    | 'unanswered'
    | 'undelivered'
    | 'orphans'
    | 'ended'
    | 'budgets'
    | 'audit'
    | 'weights'
    | 'notices'
    | 'held';
  /** @returns whether there may be as much to do again at once */
  run(): Promise<boolean>;
}
