import type { Release, ReleaseWatch } from '../shared/store/endpoints/release-deferred.ts';
import type { Connection } from './connection.ts';
import type { CliContext } from './context.ts';
import { reportPassedBy } from './report-passed-by.ts';

/** Sends what waited because its client had no callback URL, and shows how far it is. */
export async function releaseWaitingForUrl(
  context: CliContext,
  connection: Connection,
  clientId: string,
): Promise<Release> {
  const { releaseWithoutUrl } = await import('../shared/store/endpoints/release-deferred.ts');
  return watched(context, connection, `${clientId} none`, (watch) =>
    releaseWithoutUrl(connection, clientId, watch),
  );
}

/** Sends what waited because an origin had been taken away from its client, and shows how far it is. */
export async function releaseWaitingForOrigin(
  { terminal, interrupted }: CliContext,
  connection: Connection,
  clientId: string,
): Promise<Release> {
  const { releaseAllowed } = await import('../shared/store/endpoints/release-deferred.ts');
  const progress = terminal.progress('Releasing', 0);
  try {
    return await releaseAllowed(connection, clientId, {
      signal: interrupted,
      onProgress: progress.update,
      report: reportPassedBy(terminal),
    });
  } finally {
    progress.stop();
  }
}

/** Declares an endpoint healthy, sends what waits for it, and shows how far it is. */
export async function releaseEndpoint(
  context: CliContext,
  connection: Connection,
  endpoint: string,
): Promise<Release> {
  const { enableEndpoint } = await import('../shared/store/endpoints/release-deferred.ts');
  return watched(context, connection, endpoint, (watch) => enableEndpoint(connection, endpoint, watch));
}

async function watched(
  { terminal, interrupted }: CliContext,
  { redis, keys }: Connection,
  endpoint: string,
  release: (watch: ReleaseWatch) => Promise<Release>,
): Promise<Release> {
  const progress = terminal.progress('Releasing', await redis.zcard(keys.deferredDeliveries(endpoint)));
  try {
    return await release({
      signal: interrupted,
      onProgress: progress.update,
      report: reportPassedBy(terminal),
    });
  } finally {
    progress.stop();
  }
}
