import type { FastifyInstance, FastifyRequest } from 'fastify';
import { touchApiKey } from '../../shared/store/clients/api-key-use.ts';
import { authenticate } from '../../shared/store/clients/authenticate.ts';
import { authenticateTest } from '../../shared/store/clients/test-client.ts';
import type { StoreKeys } from '../../shared/store/keys.ts';
import { OPERATORS_ACCOUNTS } from '../operator/account-routes.ts';
import { admitKey } from './admit-key.ts';
import { createAuthenticator } from './authentication.ts';
import { createUseNote, type NoteUseDeps } from './note-use.ts';
import { requiredScope } from './required-scope.ts';

export interface AccessDeps extends NoteUseDeps {
  /** Of the app for test keys: the lane in which the clients are. Null: this is the app for live keys. */
  readonly clientsOf: StoreKeys | null;
}

/** Before a body is read: a caller without a key cannot make us hold three megabytes. */
export function authenticateRequests(app: FastifyInstance, deps: AccessDeps): void {
  const { redis, keys, clientsOf, now } = deps;
  const find = createAuthenticator({
    findClient: (apiKey) =>
      clientsOf === null
        ? authenticate(redis, keys, apiKey)
        : authenticateTest({ redis, keys: clientsOf, testKeys: keys }, apiKey),
    takesTestKeys: clientsOf !== null,
    now,
  });
  const noteUse = createUseNote(deps, {
    touch: touchApiKey,
    onFailure: (reason) =>
      deps.log.debug({ event: 'api_key_use_failed', reason }, 'cannot write down that an API key was used'),
  });
  const admit = async (request: FastifyRequest) => {
    const { client, key } = await find(request);
    const { schema } = request.routeOptions;
    // What is hidden from the description answers 405 alone, which any key may learn.
    const scope = schema?.hide === true ? null : requiredScope(schema?.operationId);
    admitKey(key, { scope, address: request.ip, now: now() });
    noteUse(key.hash);
    request.client = client;
    request.apiKey = key;
    request.admitAgain = () => admit(request);
  };
  app.addHook('onRequest', async (request) => {
    const { url = '' } = request.routeOptions;
    // Operators have keys of another kind.
    if (url.startsWith('/v1/') && !url.startsWith(OPERATORS_ACCOUNTS)) await admit(request);
  });
  // A body may take a minute to arrive. What was taken from its client meanwhile, the key or an origin, is gone.
  app.addHook('preHandler', async (request) => {
    const mayHaveBody = request.method === 'POST' || request.method === 'PATCH';
    if (request.client !== null && mayHaveBody) await admit(request);
  });
}
