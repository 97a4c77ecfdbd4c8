import { z } from 'zod';
import {
  newOperatorEndpointAnswer,
  operatorEndpoints,
  removedOperatorEndpoint,
} from '../../shared/contract/operator-endpoint.ts';
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
    addEndpoint: (url) => {
      const request = { method: 'POST', path: 'operator-endpoints', body: { url } } as const;
      return api.ask(request, newOperatorEndpointAnswer);
    },
    removeEndpoint: async (id) => {
      const path = `operator-endpoints/${encodeURIComponent(id)}`;
      const absent = `Operators have no endpoint ${id}`;
      await api.ask({ method: 'DELETE', path, absent }, removedOperatorEndpoint);
    },
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
