import type { FastifyInstance, FastifyReply } from 'fastify';
import { FEED_WAIT_MAX, feedPage, feedQuery } from '../../shared/contract/feed.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { readLastNumbers } from '../../shared/store/verifications/read-feed.ts';
import type { WrittenPage } from '../feed/feed-page.ts';
import { createFeedWaits } from '../feed/feed-waits.ts';
import { readPage } from '../feed/read-page.ts';
import { MAX_FEED_WAITS, MAX_FEED_WAITS_OF_CLIENT } from '../http-limits.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { clientOf, requireStillAdmitted } from '../request-state.ts';

export interface FeedRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
}

export function addFeedRoute(app: FastifyInstance, { redis, keys }: FeedRouteDeps): void {
  const waits = createFeedWaits({
    readLast: (clientIds) => readLastNumbers(redis, keys, clientIds),
    maxOfClient: MAX_FEED_WAITS_OF_CLIENT,
    maxOfProcess: MAX_FEED_WAITS,
  });
  const monotonic = () => performance.now();
  // A shutdown waits for no event.
  app.addHook('preClose', async () => waits.stop());
  app.route({
    method: 'GET',
    url: '/v1/events',
    schema: {
      operationId: 'listEvents',
      tags: ['Events'],
      summary: 'Read your events in the order of their numbers',
      description: `Every event that was or will be sent to your callback, from the moment of its outcome, delivered or not, for as long as its verification is kept. Numbers go up by one, so that a receiver can read what it missed, or all of it again. Each number after \`after\` is an event or in an \`events.gone\`; with \`type\`, events of other types are left out, and a page may be empty before the last. Until the first delivery begins, \`possiblyBilledAgain\` of an event may still become true. With \`wait\`, an answer without events waits for one, ${FEED_WAIT_MAX} seconds at most.`,
      querystring: feedQuery,
      response: { 200: feedPage.describe('A page of them'), ...problemResponses('listEvents') },
    },
    handler: async (request, reply) => {
      const query = parseInput(feedQuery, request.query, 'invalid_query');
      const page = await readPage(
        { redis, keys, waits, monotonic, requireStillAdmitted: () => requireStillAdmitted(request) },
        clientOf(request).id,
        query,
        whenLeft(reply),
      );
      return reply.type('application/json; charset=utf-8').send(writeAnswer(page));
    },
  });
}

/** As bytes: a text of this type the framework would write as a JSON string. */
function writeAnswer({ entries, nextAfter, last }: WrittenPage): Buffer {
  return Buffer.from(`{"data":[${entries.join(',')}],"nextAfter":${nextAfter},"last":${last}}`);
}

/** Aborted when the client closes its connection. */
function whenLeft({ raw }: FastifyReply): AbortSignal {
  const left = new AbortController();
  raw.once('close', () => left.abort());
  return left.signal;
}
