import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  type ApiKey,
  type ApiKeyPage,
  apiKeyPage,
  type CreatedApiKey,
  createdApiKey,
  newApiKey,
  revokeKeyQuery,
} from '../../shared/contract/api-key.ts';
import { generateApiKey, generateTestKey, isTestKey } from '../../shared/sealing/api-key.ts';
import type { Audit } from '../../shared/store/audit/audit.ts';
import { listApiKeys, parseApiKeys } from '../../shared/store/clients/api-key-record.ts';
import { readKeyUses } from '../../shared/store/clients/api-key-use.ts';
import { addApiKeyWithin, revokeApiKey } from '../../shared/store/clients/api-keys.ts';
import { presentApiKey } from '../../shared/store/clients/present-api-key.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { limitChanges, requireSelfService } from '../endpoints/limit-changes.ts';
import { noteChange } from '../endpoints/note-change.ts';
import { readOwnGrant } from '../endpoints/read-own-grant.ts';
import { problemResponses } from '../openapi/problem-responses.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { apiKeyOf, clientOf } from '../request-state.ts';

export interface ApiKeyRouteDeps {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly audit: Pick<Audit, 'note'>;
  /** That one client may have. */
  readonly maxApiKeys: number;
  /** ms epoch */
  readonly now: () => number;
}

const params = z.object({ prefix: z.string().describe('the visible beginning of the key') });
/** The whole of it: a shorter beginning might be another key's by now. */
const wholePrefix = z.object({ prefix: z.string().regex(/^vq_(test_)?[0-9a-f]{6}$/) });

/**
 * A client's own API keys, under one of them. A live key sees, makes and revokes live keys alone, and a test key test keys: each app
 * has the lane of its kind.
 */
export function addApiKeyRoutes(app: FastifyInstance, deps: ApiKeyRouteDeps): void {
  addListRoute(app, deps);
  addAdditionRoute(app, deps);
  addRevocationRoute(app, deps);
}

function addListRoute(app: FastifyInstance, deps: ApiKeyRouteDeps): void {
  app.route({
    method: 'GET',
    url: '/v1/api-keys',
    schema: {
      operationId: 'listApiKeys',
      tags: ['Account'],
      summary: 'List your API keys',
      description: 'Their beginnings, what they may do, and when they were last used; never the keys.',
      response: { 200: apiKeyPage.describe('All of them'), ...problemResponses('listApiKeys') },
    },
    handler: async (request): Promise<ApiKeyPage> => ({ data: await readOwnKeys(deps, request) }),
  });
}

async function readOwnKeys({ redis, keys }: ApiKeyRouteDeps, request: FastifyRequest): Promise<ApiKey[]> {
  const own = apiKeyOf(request);
  const place = keys.client(clientOf(request).id);
  const [plain, scoped] = await redis.hmget(place, 'apiKeys', 'scopedKeys');
  const records = listApiKeys({
    apiKeys: parseApiKeys('apiKeys', plain ?? ''),
    scopedKeys: parseApiKeys('scopedKeys', scoped ?? ''),
  });
  const uses = await readKeyUses(
    redis,
    keys,
    records.map(({ hash }) => hash),
  );
  return records.map(({ hash, ...record }, i) => ({
    ...presentApiKey({ ...record, lastUsedAt: uses[i] ?? null }),
    current: hash === own.hash,
  }));
}

function addAdditionRoute(app: FastifyInstance, deps: ApiKeyRouteDeps): void {
  const { redis, keys, now } = deps;
  app.route({
    method: 'POST',
    url: '/v1/api-keys',
    schema: {
      operationId: 'addApiKey',
      tags: ['Account'],
      summary: 'Make another API key',
      description:
        'It may do no more than the key that asks, from no more addresses, and for no longer; with a test key you make test keys. The key itself is only in this answer.',
      body: { content: { 'application/json': { schema: newApiKey } } },
      response: {
        201: createdApiKey.describe('The key, which is not shown again'),
        ...problemResponses('addApiKey'),
      },
    },
    handler: async (request, reply): Promise<CreatedApiKey> => {
      const [client, own] = [clientOf(request), apiKeyOf(request)];
      const reading = readOwnGrant(parseInput(newApiKey, request.body, 'invalid_request'), own, now());
      if (!reading.ok) throw new ProblemError('invalid_request', { errors: reading.errors });
      await limitChanges(redis, keys, client);
      const { grant } = reading;
      const generate = isTestKey(own.prefix) ? generateTestKey : generateApiKey;
      const most = client.selfService.maxApiKeys ?? deps.maxApiKeys;
      const target = { redis, keys, clientId: client.id };
      const added = await addApiKeyWithin(
        target,
        { now: now(), grant, generate, madeWith: own.prefix },
        most,
      );
      if (added.status === 'missing') throw new ProblemError('not_found');
      if (added.status !== 'added') throw new ProblemError('too_many_api_keys');
      const { hash: _, ...record } = added.record;
      await noteKey(deps, client.id, 'add_api_key', record.prefix, 'added');
      reply.code(201);
      return {
        ...presentApiKey({ ...record, lastUsedAt: null }),
        current: false,
        apiKey: added.apiKey,
      };
    },
  });
}

function addRevocationRoute(app: FastifyInstance, deps: ApiKeyRouteDeps): void {
  const { redis, keys, now } = deps;
  app.route({
    method: 'DELETE',
    url: '/v1/api-keys/:prefix',
    schema: {
      operationId: 'revokeApiKey',
      tags: ['Account'],
      summary: 'Revoke an API key',
      description:
        'It is refused within two seconds. The last key that has `manage` is kept unless you mean it: only the operator can make another.',
      params,
      querystring: revokeKeyQuery,
      response: {
        204: z.undefined().describe('It is revoked'),
        ...problemResponses('revokeApiKey'),
      },
    },
    handler: async (request, reply) => {
      const client = clientOf(request);
      const { evenLast } = parseInput(revokeKeyQuery, request.query, 'invalid_query');
      const named = wholePrefix.safeParse(request.params);
      if (!named.success) throw new ProblemError('not_found');
      // Out of no rate, which a full Redis could not note: each needs a key, and those come out of one.
      requireSelfService(client);
      const { prefix } = named.data;
      const target = { redis, keys, clientId: client.id };
      const keepManagingAt = evenLast === 'true' ? null : now();
      const { status } = await revokeApiKey(target, prefix, { keepManagingAt });
      if (status === 'last_key' || status === 'last_manage_key') throw new ProblemError(status);
      if (status !== 'revoked') throw new ProblemError('not_found');
      await noteKey(deps, client.id, 'revoke_api_key', prefix, 'revoked');
      return reply.code(204).send();
    },
  });
}

function noteKey(
  deps: ApiKeyRouteDeps,
  clientId: string,
  action: string,
  key: string,
  result: string,
): Promise<void> {
  return noteChange(deps, clientId, {
    action,
    targetKind: 'key',
    target: clientId,
    result,
    details: { key },
  });
}
