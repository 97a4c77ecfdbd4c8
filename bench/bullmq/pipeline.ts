import { openCarefulIntake, startCarefulPipeline } from './careful-pipeline.ts';
import type { PipelineIntake, PipelineOptions } from './pipeline-options.ts';
import { openPlainIntake, startPlainPipeline } from './plain-pipeline.ts';

/** `plain` is an afternoon's work; `careful` keeps what Veriqueue keeps, as far as one job at a time goes. */
export type PipelineKind = 'plain' | 'careful';

interface Pipeline {
  /** What takes submissions in. */
  readonly openIntake: (options: PipelineOptions) => PipelineIntake;
  /** Starts both of its workers; resolves when they take jobs. */
  readonly start: (options: PipelineOptions) => Promise<void>;
}

export const PIPELINES: Readonly<Record<PipelineKind, Pipeline>> = {
  plain: { openIntake: openPlainIntake, start: startPlainPipeline },
  careful: { openIntake: openCarefulIntake, start: startCarefulPipeline },
};
