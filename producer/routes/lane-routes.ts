import type { FastifyInstance } from 'fastify';
import { laneOverview } from '../../shared/contract/lane.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { publicOutcomeTable } from '../../shared/outcomes/resolve-outcome.ts';
import type { LaneView } from '../lane-view.ts';
import { problemResponses } from '../openapi.ts';

export function addLaneRoutes(app: FastifyInstance, lane: LaneView): void {
  app.route({
    method: 'GET',
    url: '/v1/lane',
    schema: {
      tags: ['lane'],
      summary: 'Show backlog, quota and whether the lane is held',
      response: { 200: laneOverview, ...problemResponses('401', '503') },
    },
    handler: () => lane.read(),
  });

  app.route({
    method: 'GET',
    url: '/v1/outcomes',
    schema: {
      tags: ['lane'],
      summary: 'List every code an attempt can end with',
      response: { 200: outcomesPage, ...problemResponses('401') },
    },
    handler: async () => ({ data: publicOutcomeTable() }),
  });
}
