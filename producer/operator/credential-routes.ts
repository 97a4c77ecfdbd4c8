import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { newApiKeyRequest } from '../../shared/contract/api-key.ts';
import {
  type ConsoleNewKey,
  type ConsoleNewSecret,
  newSecretRequest,
} from '../../shared/contract/console.ts';
import { isTestKey } from '../../shared/sealing/api-key.ts';
import type { ApiKeyGrant } from '../../shared/store/clients/api-key-record.ts';
import { addApiKey, revokeApiKey } from '../../shared/store/clients/api-keys.ts';
import { readGrant } from '../../shared/store/clients/read-grant.ts';
import { addTestKey } from '../../shared/store/clients/test-client.ts';
import { rotateWebhookSecret } from '../../shared/store/clients/webhook-secrets.ts';
import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import { type ClientRouteDeps, parseClientParam } from './client-routes.ts';

const params = z.object({ prefix: z.string().regex(/^vq_(test_)?[0-9a-f]{1,64}$/) });

/** API keys and webhook secrets of a client. What is made is shown once, in the answer. */
export function addCredentialRoutes(app: FastifyInstance, deps: ClientRouteDeps): void {
  const { redis, keys, note, now } = deps;
  const addLive = async (clientId: string, grant: ApiKeyGrant) => {
    const apiKey = await addApiKey({ redis, keys, clientId }, { now: now(), grant });
    return apiKey === null ? null : { apiKey, webhookSecret: null };
  };
  const addTest = (clientId: string, grant: ApiKeyGrant) => {
    const { testKeys } = deps;
    if (testKeys === null) throw new ProblemError('no_test_lane');
    return addTestKey({ ...deps, testKeys }, clientId, { now: now(), grant });
  };
  const addKey = async (request: FastifyRequest, reply: FastifyReply) => {
    const clientId = parseClientParam(request);
    const wanted = parseInput(newApiKeyRequest, request.body ?? {}, 'invalid_request');
    const reading = readGrant(wanted, now());
    if (!reading.ok) throw new ProblemError('invalid_request', { errors: reading.errors });
    const { grant } = reading;
    const made = wanted.test ? await addTest(clientId, grant) : await addLive(clientId, grant);
    if (made === null) throw new ProblemError('not_found');
    await note(request, { action: 'add_api_key', target: clientId, status: 'added' });
    return reply.code(201).send(made satisfies ConsoleNewKey);
  };
  app.post('/console/api/clients/:client/keys', addKey);
  // For the command line: a producer of a version before would ignore the limits that it asks for on the other path.
  app.post('/console/api/clients/:client/limited-keys', addKey);

  app.delete('/console/api/clients/:client/keys/:prefix', async (request) => {
    const clientId = parseClientParam(request);
    const prefix = parsePrefix(request);
    const lane = isTestKey(prefix) ? (deps.testKeys ?? keys) : keys;
    const revocation = await revokeApiKey({ redis, keys: lane, clientId }, prefix);
    await note(request, { action: 'revoke_api_key', target: clientId, status: revocation.status });
    if (revocation.status === 'last_key') throw new ProblemError('last_key');
    if (revocation.status !== 'revoked') throw new ProblemError('not_found');
    return { revoked: revocation.prefix };
  });

  app.post('/console/api/clients/:client/secret', async (request, reply) => {
    const clientId = parseClientParam(request);
    const { overlapSeconds } = parseInput(newSecretRequest, request.body ?? {}, 'invalid_request');
    const rotation = await rotateWebhookSecret(deps, clientId, {
      overlapMs: overlapSeconds * 1000,
      now: now(),
    });
    if (rotation === null) throw new ProblemError('not_found');
    await note(request, { action: 'rotate_webhook_secret', target: clientId, status: 'rotated' });
    return reply.code(201).send({
      webhookSecret: rotation.webhookSecret,
      previousSignsUntil: new Date(rotation.previousSignsUntil).toISOString(),
    } satisfies ConsoleNewSecret);
  });
}

function parsePrefix(request: FastifyRequest): string {
  const parsed = params.safeParse(request.params);
  if (parsed.success) return parsed.data.prefix;
  throw new ProblemError('not_found');
}
