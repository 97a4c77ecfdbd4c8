import type { FastifyInstance } from 'fastify';
import { laneOverview } from '../../shared/contract/lane.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { publicOutcomeTable } from '../../shared/outcomes/resolve-outcome.ts';
import type { LaneView } from '../lane-view.ts';
import { problemResponses } from '../openapi/problem-responses.ts';

export function addLaneRoutes(app: FastifyInstance, lane: LaneView): void {
  app.route({
    method: 'GET',
    url: '/v1/lane',
    schema: {
      operationId: 'getLane',
      tags: ['Service'],
      summary: 'Show backlog, quota and whether the lane is held',
      description:
        'Of the whole deployment. A lane that is held or paused accepts work, and answers it later.',
      response: { 200: laneOverview.describe('The lane as it is now'), ...problemResponses('getLane') },
    },
    handler: () => lane.read(),
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
