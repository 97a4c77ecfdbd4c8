import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type TestDelivery, testDelivery } from '../../shared/contract/test-delivery.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { CALLBACK } from '../../shared/store/clients/receiver-auth.ts';
import type { RedeliveryDeps } from '../../shared/store/endpoints/redeliver.ts';
import { parseEndpoints } from '../../shared/store/push/push-endpoint.ts';
import { describeTest } from '../../shared/store/push/test-event.ts';
import { limitChanges } from '../endpoints/limit-changes.ts';
import { noteChange } from '../endpoints/note-change.ts';
import { sendTestEvent } from '../endpoints/send-test-event.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { ProblemError, retryAfter } from '../problem.ts';
import { clientOf } from '../request-state.ts';

export interface TestEventRouteDeps extends RedeliveryDeps {
  readonly audit: Pick<Audit, 'note'>;
}

const DESCRIPTION =
  'A signed `webhook.test` event, sent once, with all that the receiver asks for. The answer says what the receiver answered. It is in no log and no feed, and changes no health.';

const params = z.object({ id: z.string().describe('ep_…') });

/**
 * Under way at a time, of one client at one producer. Tests go before all other deliveries, and each takes the place of one in its
 * worker until the receiver answers: a client with a silent receiver must not take all of them.
 */
const MOST_UNDER_WAY = 4;

/** A client's test of its own receivers. */
export function addTestEventRoutes(app: FastifyInstance, deps: TestEventRouteDeps): void {
  const underWay = new Map<string, number>();
  const sendTest = async (client: ClientIdentity, receiver: string): Promise<TestDelivery> => {
    const others = underWay.get(client.id) ?? 0;
    if (others >= MOST_UNDER_WAY) throw new ProblemError('too_many_requests', { headers: retryAfter(1) });
    underWay.set(client.id, others + 1);
    try {
      return await sendOneTest(deps, client, receiver);
    } finally {
      const left = (underWay.get(client.id) ?? 1) - 1;
      if (left === 0) underWay.delete(client.id);
      else underWay.set(client.id, left);
    }
  };
  app.route({
    method: 'POST',
    url: '/v1/callback/test',
    schema: {
      operationId: 'testCallback',
      tags: ['Events'],
      summary: 'Send a test event to your callback',
      description: DESCRIPTION,
      response: { 200: testDelivery.describe('What came of it'), ...problemResponses('testCallback') },
    },
    handler: async (request) => {
      const client = clientOf(request);
      // Not what is remembered of the client: it may have set one a second ago.
      const url = await deps.redis.hget(deps.keys.client(client.id), 'callbackUrl');
      if (url === null) throw new ProblemError('no_callback_url');
      return sendTest(client, CALLBACK);
    },
  });
  app.route({
    method: 'POST',
    url: '/v1/endpoints/:id/test',
    schema: {
      operationId: 'testEndpoint',
      tags: ['Events'],
      summary: 'Send a test event to an endpoint',
      description: `${DESCRIPTION} One that is stopped or held gets it too.`,
      params,
      response: { 200: testDelivery.describe('What came of it'), ...problemResponses('testEndpoint') },
    },
    handler: async (request) => {
      const client = clientOf(request);
      const { id } = params.parse(request.params);
      const stored = (await deps.redis.hget(deps.keys.client(client.id), 'endpoints')) ?? '';
      if (!parseEndpoints(stored).some((each) => each.id === id)) throw new ProblemError('not_found');
      return sendTest(client, id);
    },
  });
}

/** @throws {ProblemError} */
async function sendOneTest(
  deps: TestEventRouteDeps,
  client: ClientIdentity,
  receiver: string,
): Promise<TestDelivery> {
  await limitChanges(deps.redis, deps.keys, client);
  const delivery = await sendTestEvent(deps, { clientId: client.id, receiver });
  await noteTest(deps, client.id, receiver, delivery);
  return delivery;
}

function noteTest(
  deps: TestEventRouteDeps,
  clientId: string,
  receiver: string,
  delivery: TestDelivery,
): Promise<void> {
  return noteChange(deps, clientId, {
    action: receiver === CALLBACK ? 'test_callback' : 'test_endpoint',
    targetKind: receiver === CALLBACK ? 'client' : 'endpoint',
    target: receiver === CALLBACK ? clientId : receiver,
    result: describeTest(delivery),
  });
}
