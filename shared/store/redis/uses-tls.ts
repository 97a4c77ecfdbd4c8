import { asCluster } from './closable-cluster.ts';
import type { Redis } from './redis-client.ts';

/** Whether a connection is made over TLS. */
export function usesTls(client: Redis): boolean {
  const options = asCluster(client)?.options.redisOptions ?? client.options;
  return options.tls !== undefined;
}
