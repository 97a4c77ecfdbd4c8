import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { findPromisesAtRisk } from '../../shared/account/promises-at-risk.ts';
import {
  atRiskQuery,
  type ConsoleChangedClient,
  type ConsoleNewClient,
  clientChangeRequest,
  newClientRequest,
} from '../../shared/contract/console.ts';
import type { KeyRing } from '../../shared/sealing/key-ring.ts';
import { type ClientChange, changeClient } from '../../shared/store/clients/change-client.ts';
import { changeTwin } from '../../shared/store/clients/change-twin.ts';
import { createClient } from '../../shared/store/clients/create-client.ts';
import { releaseAllowed, releaseWithoutUrl } from '../../shared/store/endpoints/release-deferred.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';

import { parseInput } from '../parse-input.ts';
import { ProblemError } from '../problem.ts';
import type { ShareView } from '../shares/share-view.ts';
import { type CallbackRules, checkSettings } from './check-settings.ts';
import { listShares } from './client-share.ts';
import type { ActionDeps } from './operator-actions.ts';
import { findClient, listClients } from './present-client.ts';

export interface ClientRouteDeps extends ActionDeps {
  readonly keyRing: KeyRing;
  readonly rules: CallbackRules;
  /** Of the lane for test keys; null where this deployment has none. */
  readonly testKeys: StoreKeys | null;
  readonly shares: ShareView;
}

const params = z.object({ client: z.string().min(1).max(100) });

/** @throws {ProblemError} 404 for what can be no id */
export function parseClientParam(request: FastifyRequest): string {
  const parsed = params.safeParse(request.params);
  if (parsed.success) return parsed.data.client;
  throw new ProblemError('not_found');
}

/** `/console/api/clients`: who may submit, and where the events go. Keys and secrets are in `credential-routes.ts`. */
export function addClientRoutes(app: FastifyInstance, deps: ClientRouteDeps): void {
  app.get('/console/api/clients', () => listClients(deps));

  app.get('/console/api/shares', () => listShares(deps.shares));

  app.get('/console/api/clients/:client', async (request) => {
    const client = await findClient(deps, parseClientParam(request));
    if (client === null) throw new ProblemError('not_found');
    return client;
  });

  app.get('/console/api/clients/:client/promises-at-risk', async (request) => {
    const clientId = parseClientParam(request);
    const { weight } = parseInput(atRiskQuery, request.query, 'invalid_query');
    if ((await findClient(deps, clientId)) === null) throw new ProblemError('not_found');
    return findPromisesAtRisk(deps, { clientId, weight });
  });

  app.post('/console/api/clients', async (request, reply) => {
    const { name, weight, ...given } = parseInput(newClientRequest, request.body ?? {}, 'invalid_request');
    const { callbackUrl, allowedOrigins = [] } = checkSettings(given, deps.rules);
    const made = await createClient(deps, {
      name,
      allowedOrigins,
      now: deps.now(),
      ...(callbackUrl ? { callbackUrl } : {}),
      ...(weight === undefined ? {} : { weight }),
    });
    await deps.note(request, { action: 'create_client', target: made.clientId, status: 'created' });
    const { clientId: id, apiKey, webhookSecret } = made;
    return reply.code(201).send({ id, apiKey, webhookSecret } satisfies ConsoleNewClient);
  });

  app.patch('/console/api/clients/:client', async (request) => {
    const id = parseClientParam(request);
    const given = parseInput(clientChangeRequest, request.body ?? {}, 'invalid_request');
    const checked = checkSettings(given, deps.rules);
    const change = { ...withoutUndefined(given), ...checked };
    const atRisk =
      change.weight === undefined
        ? null
        : await findPromisesAtRisk(deps, { clientId: id, weight: change.weight });
    await changeTwin(deps, id, change);
    if ((await changeClient(deps.redis, deps.keys, id, change)) === 'missing')
      throw new ProblemError('not_found');
    await deps.note(request, {
      action: 'change_client',
      target: id,
      status: Object.keys(change).join(', ') || 'nothing',
    });
    releaseWaiting(deps, id, checked);
    const client = await findClient(deps, id);
    return client && ({ ...client, promisesAtRisk: atRisk } satisfies ConsoleChangedClient);
  });
}

type GivenSettings = z.output<typeof clientChangeRequest>;

function withoutUndefined(settings: GivenSettings) {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as ClientChange;
}

/** Events that waited for what has been given are sent, as `veriqueue client set` does; nothing waits for the last of them. */
function releaseWaiting(
  deps: ActionDeps,
  clientId: string,
  given: { readonly callbackUrl?: string | null; readonly allowedOrigins?: readonly string[] },
): void {
  const { tasks, report } = deps;
  const watch = (signal: AbortSignal) => ({ signal, onProgress: () => undefined, report });
  if (given.callbackUrl) {
    tasks.start(`release what waited for a callback of ${clientId}`, (signal) =>
      releaseWithoutUrl(deps, clientId, watch(signal)),
    );
  }
  if (given.allowedOrigins !== undefined) {
    tasks.start(`release what waited for an origin of ${clientId}`, (signal) =>
      releaseAllowed(deps, clientId, watch(signal)),
    );
  }
}
