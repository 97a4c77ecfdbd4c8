import type { FastifyInstance } from 'fastify';
import { type LaneOverview, laneOverview } from '../../shared/contract/lane.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { publicOutcomeTable } from '../../shared/outcomes/resolve-outcome.ts';
import type { LaneView } from '../lane-view.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { clientOf } from '../request-state.ts';
import { presentShare, type ShareView } from '../shares/share-view.ts';

interface LaneRouteDeps {
  readonly lane: LaneView;
  readonly shares: ShareView;
}

export function addLaneRoutes(app: FastifyInstance, { lane, shares }: LaneRouteDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/lane',
    schema: {
      operationId: 'getLane',
      tags: ['Service'],
      summary: 'Show backlog, quota and whether the lane is held',
      description:
        'Of the whole deployment; `client` covers only yours. A lane that is held or paused accepts work, and answers it later.',
      response: { 200: laneOverview.describe('The lane as it is now'), ...problemResponses('getLane') },
    },
    handler: async (request): Promise<LaneOverview> => {
      const [overview, standing] = await Promise.all([lane.read(), shares.of(clientOf(request))]);
      return { ...overview, client: presentShare(standing) };
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/outcomes',
    schema: {
      operationId: 'listOutcomes',
      tags: ['Service'],
      summary: 'List every code an attempt can end with',
      description:
        'What each means, whether it is charged for, and what to do about it. The upstream may add codes.',
      response: {
        200: outcomesPage.describe('Every code with a row of its own'),
        ...problemResponses('listOutcomes'),
      },
    },
    handler: async () => ({ data: publicOutcomeTable() }),
  });
}
