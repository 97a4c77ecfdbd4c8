/** The entry `veriqueue/producer`: what `POST /v1/verifications` does, without the HTTP hop. */
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { tracingOff } from '../../shared/tracing/tracing.ts';
import { classifyError } from '../classify-error.ts';
import {
  awaitFit,
  closeConnections,
  closeIntake,
  connectIntake,
  createIntake,
  type Intake,
} from '../intake.ts';
import { presentProblem } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';
import { requireAllowed, takeSubmission } from '../rate-limit.ts';
import { parseIdempotencyKey } from '../submission/idempotency.ts';
import { presentSubmitted } from '../submission/present-submitted.ts';
import type { FormReading } from '../submission/read-form.ts';
import { submitVerification } from '../submission/submit.ts';
import { cancelAndShow } from '../verification/cancel-verification.ts';
import { parseIdParam } from '../verification/own-verification.ts';
import { showVerification } from '../verification/show-verification.ts';
import { findClient } from './find-client.ts';
import { type ProducerOptions, parseOptions } from './producer-options.ts';
import { type ProducerSubmission, readSubmission } from './read-submission.ts';

export type { Problem, ProducerLog, ProducerOptions, ProducerSubmission, Verification };

/** The same problem that HTTP answers with: `code` is stable, `errors` point to fields, values are never echoed. */
export interface Refusal {
  readonly status: 'refused';
  readonly problem: Problem;
  /** ms until it is worth trying again; null where only another submission, or another state, would help. */
  readonly retryAfterMs: number | null;
}

export type SubmitOutcome =
  /** Everything is in Redis: exactly one final event will exist. */
  | { readonly status: 'accepted'; readonly verification: Verification; readonly pollAfterMs: number }
  /** An earlier submission under this key, by this library or over HTTP, stands; this is its verification. */
  | { readonly status: 'replayed'; readonly verification: Verification; readonly pollAfterMs: number }
  /**
   * With `unavailable` alone it may, rarely, have been accepted all the same: Redis got it and gave no answer. Under an
   * Idempotency-Key a repeat finds out; without one it is taken back when Redis answers.
   */
  | Refusal;

export type GetOutcome =
  | {
      readonly status: 'found';
      readonly verification: Verification;
      /** ms until it is worth asking again; null once it is final. */
      readonly pollAfterMs: number | null;
    }
  | Refusal;

export type CancelOutcome = { readonly status: 'cancelled'; readonly verification: Verification } | Refusal;

export interface Producer {
  /**
   * Submits a verification, as `POST /v1/verifications` does.
   *
   * @param submission its fields; the photo as `imageBase64`, or as bytes in `image` (2,359,296 at most)
   * @param options `idempotencyKey`, 1 to 255 printable ASCII characters: the same key and submission give the same
   *   verification for 24 hours, over HTTP as well
   * @throws {Error} after `close`, or for a bug; every refusal is an outcome
   */
  submit(
    submission: ProducerSubmission,
    options?: { readonly idempotencyKey?: string | undefined },
  ): Promise<SubmitOutcome>;

  /** One of this client's verifications. @throws {Error} after `close` */
  get(id: string): Promise<GetOutcome>;

  /**
   * Cancels one that has not been sent upstream; no event follows. Twice is the same as once.
   *
   * @throws {Error} after `close`
   */
  cancel(id: string): Promise<CancelOutcome>;

  /** Waits for the calls under way, then closes the connections. Calling it again waits for the same. */
  close(): Promise<void>;
}

/**
 * Opens a producer in this process: submissions go straight into Redis, sealed, with the checks, limits and guarantees of
 * the HTTP producer. It holds two connections until it is closed.
 *
 * @param options which Redis, which keys, which client; see {@link ProducerOptions}
 * @throws {TypeError} when options are wrong, all of them at once
 * @throws {Error} when Redis cannot be reached within 10 seconds, or is not fit; one that is loading is waited for
 * @throws the signal's reason
 * @example
 * const producer = await openProducer({ redisUrl, keys, clientId: 'cli_…' });
 * const outcome = await producer.submit({ idCard, name, image }, { idempotencyKey: 'order-19' });
 * if (outcome.status === 'refused') console.error(outcome.problem.code, outcome.problem.errors);
 * await producer.close();
 */
export async function openProducer(options: ProducerOptions): Promise<Producer> {
  const { settings, clientId, log, signal } = parseOptions(options);
  const connections = connectIntake(settings, log);
  try {
    await awaitFit(settings, connections, { log, signal, onWait: () => undefined });
    const intake = createIntake(settings, connections, {
      log,
      now: Date.now,
      tracing: tracingOff,
    });
    return createProducer(intake, clientId);
  } catch (error) {
    await closeConnections(connections);
    throw error;
  }
}

function createProducer(intake: Intake, clientId: string): Producer {
  const underWay = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  /** Runs a call as the client. What HTTP would answer as a problem is an outcome here. */
  const runAsClient = async <Outcome>(
    run: (client: ClientIdentity) => Promise<Outcome>,
  ): Promise<Outcome | Refusal> => {
    try {
      const client = await findClient(intake.redis, intake.keys, clientId);
      return client === null ? unknownClient : await run(client);
    } catch (error) {
      return refuse(error);
    }
  };
  const call = async <Outcome>(doing: string, run: (client: ClientIdentity) => Promise<Outcome>) => {
    if (closing !== undefined) throw new Error(`Cannot ${doing}: the producer is closed`);
    const running = runAsClient(run);
    underWay.add(running);
    try {
      return await running;
    } finally {
      underWay.delete(running);
    }
  };

  return {
    submit: (submission, { idempotencyKey } = {}) => {
      // Before anything is awaited: the bytes may be another photo's afterwards.
      const form = readSubmission(submission);
      return call('submit a verification', (client) => submit(intake, client, form, idempotencyKey));
    },
    get: (id) =>
      call('get a verification', async (client): Promise<GetOutcome> => {
        const shown = await showVerification(intake, parseIdParam({ id }), client.id);
        const { verification, pollAfterSeconds: seconds } = shown;
        return { status: 'found', verification, pollAfterMs: seconds === null ? null : seconds * 1000 };
      }),
    cancel: (id) =>
      call('cancel a verification', async (client): Promise<CancelOutcome> => {
        const deps = { ...intake, retentionMs: intake.rules.retentionMs };
        const verification = await cancelAndShow(deps, parseIdParam({ id }), client.id);
        return { status: 'cancelled', verification };
      }),
    close: () => {
      closing ??= Promise.allSettled(underWay).then(() => closeIntake(intake));
      return closing;
    },
  };
}

/** In the order of HTTP: the client's rate, then what was submitted. */
async function submit(
  intake: Intake,
  client: ClientIdentity,
  form: FormReading,
  idempotencyKey: string | undefined,
): Promise<SubmitOutcome> {
  const { redis, keys, rate } = intake;
  if (rate.perSecond > 0) requireAllowed(await takeSubmission(redis, keys, client.id, rate));
  const key = parseIdempotencyKey(idempotencyKey);
  const submitted = await submitVerification(intake, client, form, key);
  const { verification, pollAfterSeconds } = await presentSubmitted(intake, submitted, { mayRead: true });
  return { status: submitted.status, verification, pollAfterMs: pollAfterSeconds * 1000 };
}

const unknownClient: Refusal = {
  status: 'refused',
  problem: {
    ...presentProblem('unauthorized'),
    detail: 'clientId must be the id of a client of this lane that is not disabled',
  },
  retryAfterMs: null,
};

/** @throws what is no refusal: a bug is no outcome */
function refuse(error: unknown): Refusal {
  const problem = classifyError(error);
  if (problem.code === 'internal') throw error;
  const seconds = problem.headers['retry-after'];
  return {
    status: 'refused',
    problem: presentProblem(problem.code, problem.errors, problem.members),
    retryAfterMs: seconds === undefined ? null : Number(seconds) * 1000,
  };
}
