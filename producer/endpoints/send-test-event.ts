import { setTimeout as delay } from 'node:timers/promises';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import { askForTestEvent, type TestRequest, takeTestAnswer } from '../../shared/store/push/test-event.ts';
import { ProblemError, retryAfter } from '../problem.ts';

/** Longer than a worker waits for a receiver, and shorter than a client does for an answer. */
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 100;
const AGAIN_SECONDS = 30;

/**
 * Has a worker send one signed test event, and waits for what came of it.
 *
 * @throws {ProblemError} not_found, when there is no such receiver or it has no address; test_not_sent
 */
export async function sendTestEvent(deps: RedeliveryDeps, request: TestRequest): Promise<TestDelivery> {
  const { redis, keys } = deps;
  const id = await askForTestEvent(deps, request);
  const started = performance.now();
  while (performance.now() - started < WAIT_MS) {
    const answer = await takeTestAnswer(redis, keys, id);
    if (answer?.status === 'no_receiver') throw new ProblemError('not_found');
    if (answer !== null) return answer.delivery;
    await delay(LOOK_EVERY_MS);
  }
  throw new ProblemError('test_not_sent', { headers: retryAfter(AGAIN_SECONDS) });
}

/** What came of it, as the audit trail keeps it. */
export const describeTest = ({ accepted, status, errorClass }: TestDelivery): string =>
  accepted ? 'accepted' : String(status ?? errorClass);
