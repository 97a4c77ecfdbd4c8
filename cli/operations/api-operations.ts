import { z } from 'zod';
import { accountReport } from '../../shared/contract/accounts.ts';
import { consoleChanges } from '../../shared/contract/console-changes.ts';
import { consoleLogs } from '../../shared/contract/console-logs.ts';
import { laneOverview } from '../../shared/contract/lane.ts';
import { accountCounts, type OperatorUsage, usageReport } from '../../shared/contract/usage.ts';
import type { EndpointState } from '../../shared/store/endpoints/list-endpoints.ts';
import { type OperatorApi, OperatorProblem } from '../access/operator-api.ts';
import { CommandFailure } from '../command-failure.ts';
import type { Operations } from './operations.ts';

// Not the console's own shapes, which are strict: a newer producer says more than this version knows.
const snapshot = z.object({ lane: z.looseObject(laneOverview.shape) });
const accounts = z.object({ data: z.array(z.looseObject(accountReport.shape)) });
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
/** A producer of an earlier version says nothing of accounts. */
const usage = z.looseObject({
  ...usageReport.shape,
  accounts: z.array(z.looseObject(accountCounts.shape)).default([]),
});
const redelivery = z.object({ status: z.literal('redelivered') });
const holding = z.object({ status: z.enum(['held', 'already_held']) });
const releasing = z.object({ status: z.enum(['releasing', 'already_releasing']) });

/** Over the operators' API of a producer: nothing but its address and a key is needed. */
export function apiOperations(api: OperatorApi): Operations {
  const change = <T>(path: string, body: object, shape: z.ZodType<T>) =>
    api.ask({ method: 'POST', path, body }, shape);
  const changeAccount = <T>(name: string, verb: string, body: object, shape: z.ZodType<T>) => {
    const path = `accounts/${encodeURIComponent(name)}/${verb}`;
    return api.ask({ method: 'POST', path, body, absent: `No account ${name}` }, shape);
  };
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
    listAccounts: async () => (await api.ask({ path: 'accounts' }, accounts)).data,
    pauseAccount: async (name, reason) => (await changeAccount(name, 'pause', { reason }, pausing)).status,
    resumeAccount: async (name) => {
      const { status, from = ['closed'] } = await changeAccount(name, 'resume', {}, resumption);
      return status === 'resumed' ? from : [];
    },
    readChanges: (cursor) =>
      api.ask({ path: 'changes', query: { cursor: cursor ?? undefined } }, consoleChanges),
    readLogs: (query) => api.ask({ path: 'logs', query: { ...query } }, consoleLogs),
    readTroubles: async () => {
      const { deliveries } = await api.ask({ path: 'snapshot' }, troubles);
      return { endpoints: deliveries.endpoints.data, deadLetters: deliveries.deadLetters };
    },
    readUsage: async (period, clientId) => {
      const report = await api.ask({ path: 'usage', query: { ...period } }, usage);
      return clientId === null ? report : usageOf(report, clientId);
    },
    redeliver: async (id) => {
      const path = `verifications/${encodeURIComponent(id)}/redeliver`;
      const request = { method: 'POST', path, body: {}, absent: `No verification ${id}` } as const;
      await api.ask(request, redelivery).catch((error: unknown) => {
        const isRefused = error instanceof OperatorProblem && error.code === 'not_redeliverable';
        throw isRefused
          ? new CommandFailure(`The event of ${id} is already under way, or it has none yet`)
          : error;
      });
    },
    listEndpoints: async () => (await api.ask({ path: 'endpoints' }, endpoints)).data.map(toState),
    holdEndpoint: async (name) => (await change('endpoints/hold', { endpoint: name }, holding)).status,
    enableEndpoint: async (name) => {
      const { status } = await change('endpoints/release', { endpoint: name }, releasing);
      return { status: 'releasing', already: status === 'already_releasing' };
    },
  };
}

/** The part of one client: the API's report is of all. */
function usageOf({ from, to, data }: OperatorUsage, clientId: string): OperatorUsage {
  const own = data.filter((row) => row.clientId === clientId);
  const sum = (name: 'billed' | 'unbilled' | 'unknown') => own.reduce((total, row) => total + row[name], 0);
  const [billed, unbilled, unknown] = [sum('billed'), sum('unbilled'), sum('unknown')];
  const total = { calls: billed + unbilled + unknown, billed, unbilled, unknown };
  return { from, to, data: own, total, budget: null, accounts: [] };
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
