import { z } from 'zod';
import { API_KEY_SCOPES, DEFAULT_SCOPES } from '../../shared/contract/api-key-scope.ts';
import { clientErasureReceipt } from '../../shared/contract/client-receipt.ts';
import { promisesAtRisk } from '../../shared/contract/promises-at-risk.ts';
import { clientBudget } from '../../shared/contract/usage.ts';
import type { OperatorApi } from '../access/operator-api.ts';
import { unknownClient } from '../find-client.ts';
import type { ClientOperations, ShownClient } from './client-operations.ts';

const instant = z.string().transform((text) => Date.parse(text));
// A producer of a version before says no more than the first two.
const apiKey = z.object({
  prefix: z.string(),
  createdAt: instant,
  scopes: z
    .array(z.string())
    .transform((scopes) => API_KEY_SCOPES.filter((each) => scopes.includes(each)))
    .default([...DEFAULT_SCOPES]),
  expiresAt: instant.nullable().default(null),
  addresses: z.array(z.string()).default([]),
  lastUsedAt: instant.nullable().default(null),
  madeWith: z.string().nullable().default(null),
});
// Not the console's own shapes, which are strict: a newer producer says more than this version knows.
const client = z.object({
  id: z.string(),
  name: z.string(),
  disabled: z.boolean(),
  weight: z.number(),
  maxWaiting: z.number().nullable(),
  callbackUrl: z.string().nullable(),
  allowedOrigins: z.array(z.string()),
  createdAt: instant.nullable(),
  apiKeys: z.array(apiKey),
  webhookSecrets: z.array(z.object({ retiresAt: instant.nullable() })),
  budget: clientBudget.nullable(),
  // A producer of a version before lets every client change what is its own.
  selfService: z
    .object({
      enabled: z.boolean(),
      maxApiKeys: z.number().nullable(),
      maxEndpoints: z.number().nullable(),
    })
    .default({ enabled: true, maxApiKeys: null, maxEndpoints: null }),
  choseCallback: z.boolean().default(false),
});
// One of a version before does not say it.
const changedClient = client.extend({ promisesAtRisk: promisesAtRisk.nullable().default(null) });
const clients = z.object({ data: z.array(client) });
const newClient = z.object({ id: z.string(), apiKey: z.string(), webhookSecret: z.string() });
const newKey = z.object({ apiKey: z.string(), webhookSecret: z.string().nullable().default(null) });
const revocation = z.object({ revoked: z.string() });
const newSecret = z.object({ webhookSecret: z.string(), previousSignsUntil: z.string() });
const counts = { waiting: z.number(), undelivered: z.number() };
const openWork = z.object(counts);
const deletion = z.discriminatedUnion('status', [
  z.object({ status: z.literal('deleted'), erased: z.number() }),
  z.object({ status: z.literal('in_use'), ...counts }),
  z.object({ status: z.literal('busy'), erased: z.number(), ...counts }),
]);

/** The API shows a budget with what is spent of it. */
function split({ budget, ...rest }: z.infer<typeof client>): ShownClient {
  const limits = budget && {
    mode: budget.mode,
    day: budget.day?.limit ?? null,
    month: budget.month?.limit ?? null,
  };
  return { client: { ...rest, budget: limits }, budgetUse: budget };
}

/** Over the operators' API: the producer has the sealing keys. */
export function apiClientOperations(api: OperatorApi): ClientOperations {
  const of = (clientId: string, below = '') => ({
    path: `clients/${encodeURIComponent(clientId)}${below}`,
    absent: unknownClient(clientId).message,
  });
  return {
    at: ` at ${api.place}`,
    list: async () => (await api.ask({ path: 'clients' }, clients)).data.map((each) => split(each).client),
    show: async (clientId) => split(await api.ask(of(clientId), client)),
    create: async (settings) => {
      const { id, ...shown } = await api.ask({ method: 'POST', path: 'clients', body: settings }, newClient);
      return { clientId: id, ...shown };
    },
    change: async (clientId, change) => {
      const request = { ...of(clientId), method: 'PATCH', body: change } as const;
      const { promisesAtRisk: atRisk, ...changed } = await api.ask(request, changedClient);
      return { ...split(changed), releasedEvents: null, promisesAtRisk: atRisk };
    },
    weigh: (clientId, weight) => {
      // A way of its own, and not a query of the change: a producer of a version before would make the change.
      const absent = `${unknownClient(clientId).message}, or the producer is of a version that cannot say it beforehand`;
      const request = { ...of(clientId, '/promises-at-risk'), absent, query: { weight: String(weight) } };
      return api.ask(request, promisesAtRisk);
    },
    addKey: (clientId, wanted) => {
      if (Object.keys(wanted).length === 0) {
        return api.ask({ ...of(clientId, '/keys'), method: 'POST' }, newKey);
      }
      // A producer of a version before would make a key without the limits.
      const absent = `${unknownClient(clientId).message}, or the producer is of a version without limited keys`;
      const request = { ...of(clientId, '/limited-keys'), absent, method: 'POST', body: wanted } as const;
      return api.ask(request, newKey);
    },
    revokeKey: async (clientId, prefix) => {
      const absent = `The key is not revoked: exactly one key of client ${clientId} must begin so`;
      const request = { ...of(clientId, `/keys/${encodeURIComponent(prefix)}`), absent };
      return (await api.ask({ ...request, method: 'DELETE' }, revocation)).revoked;
    },
    rotateSecret: (clientId, overlapMs) => {
      const body = { overlapSeconds: Math.floor(overlapMs / 1_000) };
      return api.ask({ ...of(clientId, '/secret'), method: 'POST', body }, newSecret);
    },
    countOpenWork: (clientId) =>
      api.ask({ ...of(clientId), method: 'DELETE', query: { dryRun: 'true' } }, openWork),
    delete: (clientId, { cancel }) =>
      api.ask({ ...of(clientId), method: 'DELETE', query: { cancel: String(cancel) } }, deletion),
    receipt: (clientId) => {
      const { path, absent } = of(clientId);
      return api.ask({ path: `${path}/receipt`, absent }, clientErasureReceipt);
    },
  };
}
