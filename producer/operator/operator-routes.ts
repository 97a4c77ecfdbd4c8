import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type ConsoleNewOperator,
  type ConsoleOperators,
  newOperatorRequest,
  revocationQuery,
} from '../../shared/contract/console-operators.ts';
import type { ProblemCode } from '../../shared/contract/problem.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { describeOperators, type KeyUse } from '../../shared/store/operators/operator-use.ts';
import {
  addOperator,
  type OperatorIdentity,
  revokeOperator,
} from '../../shared/store/operators/operators.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { NoteAction } from './note-action.ts';

export interface OperatorRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly note: NoteAction;
  readonly operatorOf: (request: FastifyRequest) => OperatorIdentity;
  /** ms epoch */
  readonly now: () => number;
}

const params = z.object({ operator: z.string().min(1).max(100) });

/** `/console/api/operators`: who may use the console and the operators' API, each with a key. */
export function addOperatorRoutes(app: FastifyInstance, deps: OperatorRouteDeps): void {
  const { redis, keys, note, operatorOf, now } = deps;
  app.get('/console/api/operators', async (request): Promise<ConsoleOperators> => {
    const { operators, environment } = await describeOperators(redis, keys, now());
    return {
      data: operators.map(({ createdAt, lastUsedAt, sessions, ...operator }) => ({
        ...operator,
        createdAt: new Date(createdAt).toISOString(),
        ...presentUse({ lastUsedAt, sessions }),
      })),
      self: operatorOf(request).name,
      environment: presentUse(environment),
    };
  });

  app.post('/console/api/operators', async (request, reply) => {
    const { name, readOnly } = parseInput(newOperatorRequest, request.body ?? {}, 'invalid_request');
    const addition = await addOperator(redis, keys, { name, readOnly, now: now() });
    await note(request, {
      action: 'add_operator',
      target: name,
      status: addition.status,
      details: { readOnly },
    });
    if (addition.status !== 'added') throw new ProblemError(REFUSALS[addition.status]);
    const made: ConsoleNewOperator = { name, readOnly, operatorKey: addition.key };
    return reply.code(201).send(made);
  });

  app.delete('/console/api/operators/:operator', async (request) => {
    const name = parseOperatorParam(request);
    const { evenOwn, evenLast } = parseInput(revocationQuery, request.query, 'invalid_query');
    if (operatorOf(request).name === name && evenOwn !== 'true') throw new ProblemError('own_operator_key');
    const revocation = await revokeOperator(redis, keys, { name, evenLast: evenLast === 'true' });
    await note(request, { action: 'revoke_operator', target: name, status: revocation });
    if (revocation !== 'revoked') throw new ProblemError(REFUSALS[revocation]);
    return { revoked: name };
  });
}

const REFUSALS = {
  name_taken: 'operator_name_taken',
  too_many: 'too_many_operators',
  missing: 'not_found',
  last_full_key: 'last_operator_key',
} as const satisfies Record<string, ProblemCode>;

/** @throws {ProblemError} 404 for what can be no name */
function parseOperatorParam(request: FastifyRequest): string {
  const parsed = params.safeParse(request.params);
  if (parsed.success) return parsed.data.operator;
  throw new ProblemError('not_found');
}

function presentUse({ lastUsedAt, sessions }: KeyUse): ConsoleOperators['environment'] {
  return { lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt).toISOString(), sessions };
}
