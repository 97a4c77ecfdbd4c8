import { openCarefulIntake, startCarefulPipeline } from './careful-pipeline.ts';
import type { PipelineIntake, PipelineOptions } from './pipeline-options.ts';
import { openPlainIntake, startPlainPipeline } from './plain-pipeline.ts';
import { openSidekiqIntake } from './sidekiq-intake.ts';

/**
 * Pipelines written by hand. `bullmq-plain` and `sidekiq` are an afternoon's work; `bullmq-careful` keeps what Veriqueue keeps, as
 * far as one job at a time goes.
 */
export type PipelineKind = 'bullmq-plain' | 'bullmq-careful' | 'sidekiq';

/** What takes submissions in. */
export const INTAKES: Readonly<Record<PipelineKind, (options: PipelineOptions) => PipelineIntake>> = {
  'bullmq-plain': openPlainIntake,
  'bullmq-careful': openCarefulIntake,
  sidekiq: openSidekiqIntake,
};

/** Those whose workers run in Node.js. */
export type BullmqKind = Exclude<PipelineKind, 'sidekiq'>;

/** Each starts both of its workers, and resolves when they take jobs. */
export const STARTS: Readonly<Record<BullmqKind, (options: PipelineOptions) => Promise<void>>> = {
  'bullmq-plain': startPlainPipeline,
  'bullmq-careful': startCarefulPipeline,
};
