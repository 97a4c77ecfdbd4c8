import { z } from 'zod';
import { consoleChanges } from '../../shared/contract/console-changes.ts';
import { laneOverview } from '../../shared/contract/lane.ts';
import type { EndpointState } from '../../shared/store/endpoints/list-endpoints.ts';
import type { OperatorApi } from '../access/operator-api.ts';
import type { Operations } from './operations.ts';

// Not the console's own shapes, which are strict: a newer producer says more than this version knows.
const snapshot = z.object({ lane: z.looseObject(laneOverview.shape) });
const pausing = z.object({ status: z.enum(['paused', 'already_paused']) });
const resumption = z.object({
  status: z.enum(['resumed', 'already_running']),
  from: z.array(z.string()).optional(),
});
const endpoint = z.object({
  clientId: z.string(),
  origin: z.string(),
  status: z.enum(['healthy', 'failing', 'held']),
  reason: z.enum(['gone', 'failing_for_days', 'operator', 'origin_not_allowed']).nullable(),
  since: z.string().nullable(),
  waiting: z.number(),
});
const endpoints = z.object({ data: z.array(endpoint), total: z.number() });
const troubles = z.object({ deliveries: z.object({ deadLetters: z.number(), endpoints }) });
const holding = z.object({ status: z.enum(['held', 'already_held']) });
const releasing = z.object({ status: z.enum(['releasing', 'already_releasing']) });

/** Over the operators' API of a producer: nothing but its address and a key is needed. */
export function apiOperations(api: OperatorApi): Operations {
  const change = <T>(path: string, body: object, shape: z.ZodType<T>) =>
    api.ask({ method: 'POST', path, body }, shape);
  const showLane = async () => (await api.ask({ path: 'snapshot' }, snapshot)).lane;
  return {
    at: ` at ${api.place}`,
    readLaneName: async () => (await showLane()).lane,
    showLane,
    pauseLane: async (reason) => (await change('lane/pause', { reason }, pausing)).status,
    resumeLane: async () => {
      const { status, from = ['closed'] } = await change('lane/resume', {}, resumption);
      return status === 'resumed' ? from : [];
    },
    readChanges: (cursor) =>
      api.ask({ path: 'changes', query: { cursor: cursor ?? undefined } }, consoleChanges),
    readTroubles: async () => {
      const { deliveries } = await api.ask({ path: 'snapshot' }, troubles);
      return { endpoints: deliveries.endpoints.data, deadLetters: deliveries.deadLetters };
    },
    listEndpoints: async () => (await api.ask({ path: 'endpoints' }, endpoints)).data.map(toState),
    holdEndpoint: async (name) => (await change('endpoints/hold', { endpoint: name }, holding)).status,
    enableEndpoint: async (name) => {
      const { status } = await change('endpoints/release', { endpoint: name }, releasing);
      return { status: 'releasing', already: status === 'already_releasing' };
    },
  };
}

function toState({
  clientId,
  origin,
  status,
  reason,
  since,
  waiting,
}: z.infer<typeof endpoint>): EndpointState {
  const shared = { clientId, origin, waiting, withdrawn: reason === 'origin_not_allowed' };
  const at = since === null ? 0 : Date.parse(since);
  if (status === 'failing') return { ...shared, health: { status, failingSince: at, goneSince: null } };
  if (status === 'held' && reason !== null && reason !== 'origin_not_allowed')
    return { ...shared, health: { status: 'disabled', reason, failingSince: at, disabledAt: at } };
  return { ...shared, health: { status: 'healthy' } };
}
