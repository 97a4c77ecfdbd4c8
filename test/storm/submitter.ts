import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeDice } from './dice.ts';
import type { SubmissionEntry } from './logs.ts';
import { personOfJob, referenceOfJob } from './person-of-job.ts';

/**
 * The application that submits, as the documentation asks it to: under an Idempotency-Key, again with the same one until a
 * 202 comes. A share of the jobs goes without a key, and once; another share goes twice at the same time under one key.
 */
export interface Submitter {
  readonly entries: readonly SubmissionEntry[];
  /** Submissions that have begun. */
  readonly begun: () => number;
  /** Jobs with a 202. */
  readonly accepted: ReadonlySet<number>;
  /** Submits all jobs; resolves when each has its 202, or is given up. */
  run(): Promise<void>;
}

export interface SubmitterOptions {
  readonly seed: number;
  readonly jobs: number;
  readonly url: () => string;
  readonly apiKey: string;
  /** Resolves when the next job may begin. */
  readonly gate: (job: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const SHARE_WITHOUT_KEY = 0.1;
const SHARE_TWICE = 0.05;
const SHARE_BULK = 0.3;
const CONCURRENCY = 24;
/** Longer than the producer takes to say that it does not know. */
const ANSWER_WITHIN_MS = 8_000;
const AGAIN_AFTER_MS = { min: 100, max: 600 };

const imageBase64 = readFileSync(new URL('../../samples/robot-240x320.jpg', import.meta.url)).toString(
  'base64',
);

interface Job {
  readonly job: number;
  readonly key: string | null;
  readonly twice: boolean;
  readonly body: string;
}

export function makeJob(seed: number, job: number): Job {
  const dice = makeDice(Math.imul(seed, 1_000_003) + job);
  const [keyed, twice, bulk] = [dice.next(), dice.next(), dice.next()];
  const key = keyed < SHARE_WITHOUT_KEY ? null : `storm-${seed}-${job}`;
  const body = JSON.stringify({
    ...personOfJob(job),
    imageBase64,
    reference: referenceOfJob(job),
    priority: bulk < SHARE_BULK ? 'bulk' : 'interactive',
  });
  return { job, key, twice: key !== null && twice < SHARE_TWICE, body };
}

export function createSubmitter(options: SubmitterOptions): Submitter {
  const { seed, jobs, gate, signal } = options;
  const entries: SubmissionEntry[] = [];
  const accepted = new Set<number>();
  const state = { next: 0, begun: 0 };
  const send = async (job: Job): Promise<SubmissionEntry> => {
    const entry = await post(options, job);
    entries.push(entry);
    if (entry.status === 202) accepted.add(job.job);
    return entry;
  };
  /** Until a 202, or an answer that a repeat would only get again. */
  const persist = async (job: Job): Promise<void> => {
    while (!signal.aborted) {
      const { status } = await send(job);
      if (status === 202 || job.key === null || (status !== null && isFinal(status))) return;
      await sleep(makeDice(job.job + entries.length).between(AGAIN_AFTER_MS.min, AGAIN_AFTER_MS.max));
    }
  };
  const work = async (): Promise<void> => {
    while (state.next < jobs && !signal.aborted) {
      const job = makeJob(seed, state.next);
      state.next += 1;
      await gate(job.job);
      state.begun += 1;
      await Promise.all(job.twice ? [persist(job), persist(job)] : [persist(job)]);
    }
  };
  return {
    entries,
    accepted,
    begun: () => state.begun,
    run: async () => {
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
    },
  };
}

/** 409 says that the same key is at work; 429 and 5xx pass. */
const isFinal = (status: number): boolean => status < 500 && status !== 409 && status !== 429;

async function post({ url, apiKey }: SubmitterOptions, { job, key, body }: Job): Promise<SubmissionEntry> {
  const at = Date.now();
  const answer = await fetch(`${url()}/v1/verifications`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${apiKey}`,
      ...(key === null ? {} : { 'idempotency-key': key }),
    },
    body,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => null);
  const id = answer?.status === 202 ? readId(answer.text) : null;
  return { job, key, at, answeredAt: Date.now(), status: answer?.status ?? null, id };
}

function readId(text: string): string | null {
  const { id } = JSON.parse(text) as { readonly id?: unknown };
  return typeof id === 'string' ? id : null;
}
