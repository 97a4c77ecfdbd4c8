import type { FastifyInstance } from 'fastify';
import type { ConsoleEndpointHistories } from '../../shared/contract/console.ts';
import { ANY_ORIGIN } from '../../shared/store/clients/client.ts';
import { describeClient, listClientIds } from '../../shared/store/clients/describe-client.ts';
import { readEndpointHistory } from '../../shared/store/endpoints/endpoint-history.ts';
import { listSomeEndpoints } from '../../shared/store/endpoints/list-endpoints.ts';
import { originOf } from './callback-origins.ts';
import type { FindDeps } from './find-verifications.ts';
import { presentEndpoint } from './snapshot.ts';

/** An operator picks one from a list; with more of them the command line is the tool. */
const MAX_LISTED = 1_000;

/** `GET /console/api/endpoints`: those of the clients' settings, and those that are failing, held or waited for. */
export function addEndpointList(app: FastifyInstance, deps: FindDeps): void {
  app.get('/console/api/endpoints', () => readEndpoints(deps));
}

async function readEndpoints({ redis, keys, now }: FindDeps): Promise<ConsoleEndpointHistories> {
  const ids = await listClientIds(redis, keys);
  const clients = await Promise.all(
    ids.slice(0, MAX_LISTED).map((id) => describeClient(redis, keys, id, now())),
  );
  const known = clients.flatMap((reading) => {
    if (reading.status !== 'found') return [];
    const { id, callbackUrl, allowedOrigins } = reading.client;
    const own = originOf(callbackUrl);
    const origins = allowedOrigins.filter((origin) => origin !== ANY_ORIGIN);
    return [...(own === null ? [] : [own]), ...origins].map((origin) => `${id} ${origin}`);
  });
  const { endpoints, total } = await listSomeEndpoints(redis, keys, known, MAX_LISTED);
  const data = await Promise.all(
    endpoints.map(async (endpoint) => {
      const name = `${endpoint.clientId} ${endpoint.origin}`;
      const { accepted, failed, latest } = await readEndpointHistory(redis, keys, name, now());
      return { ...presentEndpoint(endpoint), accepted: [...accepted], failed: [...failed], latest };
    }),
  );
  return { data, total };
}
