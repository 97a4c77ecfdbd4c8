import { z } from 'zod';
import { rotatedSecret } from '../../shared/contract/endpoint.ts';
import {
  newOperatorEndpointAnswer,
  operatorEndpoint,
  operatorEndpoints,
  removedOperatorEndpoint,
} from '../../shared/contract/operator-endpoint.ts';
import { testDelivery } from '../../shared/contract/test-delivery.ts';
import { type OperatorApi, OperatorProblem, type OperatorRequest } from '../access/operator-api.ts';
import type { OperatorOperations, OperatorRefusal } from './operator-operations.ts';

const instant = z.string().transform((text) => Date.parse(text));
// Not the console's own shapes, which are strict: a newer producer says more than this version knows.
const operators = z.object({
  data: z.array(
    z.object({
      name: z.string(),
      readOnly: z.boolean(),
      prefix: z.string(),
      createdAt: instant,
      lastUsedAt: instant.nullable(),
      sessions: z.number(),
    }),
  ),
  self: z.string(),
});
const newOperator = z.object({ operatorKey: z.string() });
const revocation = z.object({ revoked: z.string() });
const addedEndpoint = newOperatorEndpointAnswer.pick({ id: true, url: true, secret: true });
const rotated = z.object(rotatedSecret.shape);
const sentTest = z.object(testDelivery.shape);

/** Over the operators' API: as the operator whose key is used. */
export function apiOperatorOperations(api: OperatorApi): OperatorOperations {
  return {
    at: ` at ${api.place}`,
    list: async () => {
      const { data, self } = await api.ask({ path: 'operators' }, operators);
      return { operators: data, self };
    },
    add: async ({ name, readOnly }) => {
      const request = { method: 'POST', path: 'operators', body: { name, readOnly } } as const;
      const answer = await askOr(api, request, newOperator, {
        operator_name_taken: 'name_taken',
        too_many_operators: 'too_many',
      });
      return typeof answer === 'string' ? { status: answer } : { status: 'added', ...answer };
    },
    listEndpoints: async () => (await api.ask({ path: 'operator-endpoints' }, operatorEndpoints)).data,
    addEndpoint: (endpoint) => {
      const request = { method: 'POST', path: 'operator-endpoints', body: endpoint } as const;
      return api.ask(request, addedEndpoint);
    },
    ...endpointOperations(api),
    revoke: async (name, { evenOwn, evenLast }) => {
      const request = {
        method: 'DELETE',
        path: `operators/${encodeURIComponent(name)}`,
        query: { evenOwn: String(evenOwn), evenLast: String(evenLast) },
        absent: `No operator has the name ${name}`,
      } as const;
      const answer = await askOr(api, request, revocation, {
        own_operator_key: 'own_key',
        last_operator_key: 'last_full_key',
      });
      return typeof answer === 'string' ? answer : 'revoked';
    },
  };
}

type EndpointOperations = Pick<
  OperatorOperations,
  'changeEndpoint' | 'rotateEndpointSecret' | 'testEndpoint' | 'removeEndpoint'
>;

/** What is done with one of the operators' endpoints. */
function endpointOperations(api: OperatorApi): EndpointOperations {
  const of = (id: string, what = '') => ({
    path: `operator-endpoints/${encodeURIComponent(id)}${what}`,
    absent: `Operators have no endpoint ${id}`,
  });
  return {
    changeEndpoint: (id, change) => api.ask({ method: 'PATCH', ...of(id), body: change }, operatorEndpoint),
    rotateEndpointSecret: (id, overlapSeconds) =>
      api.ask({ method: 'POST', ...of(id, '/rotate-secret'), body: { overlapSeconds } }, rotated),
    testEndpoint: (id) => api.ask({ method: 'POST', ...of(id, '/test'), body: {} }, sentTest),
    removeEndpoint: async (id) => {
      await api.ask({ method: 'DELETE', ...of(id) }, removedOperatorEndpoint);
    },
  };
}

/** The answer, or what a refusal in Veriqueue's own words is called here. */
async function askOr<T, R extends OperatorRefusal>(
  api: OperatorApi,
  request: OperatorRequest,
  shape: z.ZodType<T>,
  refusals: Readonly<Record<string, R>>,
): Promise<T | R> {
  try {
    return await api.ask(request, shape);
  } catch (error) {
    const refusal = error instanceof OperatorProblem ? refusals[error.code] : undefined;
    if (refusal === undefined) throw error;
    return refusal;
  }
}
