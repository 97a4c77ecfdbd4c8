import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import { requestTestEvent, type TestRequest } from '../../shared/store/push/test-event.ts';
import { ProblemError, retryAfter } from '../problem.ts';

const AGAIN_SECONDS = 30;

/**
 * Has a worker send one signed test event, and waits for what came of it.
 *
 * @throws {ProblemError} not_found, when there is no such receiver or it has no address; test_not_sent
 */
export async function sendTestEvent(deps: RedeliveryDeps, request: TestRequest): Promise<TestDelivery> {
  const answer = await requestTestEvent(deps, request);
  if (answer === null) throw new ProblemError('test_not_sent', { headers: retryAfter(AGAIN_SECONDS) });
  if (answer.status === 'no_receiver') throw new ProblemError('not_found');
  return answer.delivery;
}
