import type { Redis as IoRedis } from 'ioredis';
import { type ClosableCluster, nodeOf } from './closable-cluster.ts';
import { asConnectionLog } from './redis-log.ts';
import { type ConnectionReport, errorEvent, trackConnection } from './report-connection.ts';

export interface ClusterReport extends ConnectionReport {
  /** A key of the namespace: the connection to the node that answers for it is the one that is reported. */
  readonly home: string | undefined;
}

/**
 * Logs every change of the connection to the namespace's shard, each once, and of the cluster as a whole, and handles their error
 * events. Another shard that fails is no outage: it holds nothing of ours.
 */
export function reportCluster(cluster: ClosableCluster, { home, ...settings }: ClusterReport): void {
  const take = trackConnection(cluster, settings);
  const keyOf = ({ options: { host = '', port } }: IoRedis) => `${host}:${port}`;
  const isHome = (node: IoRedis) => home === undefined || nodeOf(cluster, home) === keyOf(node);
  const watch = (node: IoRedis) => {
    node.on('ready', () => {
      if (isHome(node)) take({ kind: 'ready' });
    });
    // A node that left the cluster, or that we close, is not among its nodes any more when its connection ends.
    node.on('close', () => {
      if (isHome(node) && cluster.nodes().includes(node)) take({ kind: 'closed' });
    });
    node.on('error', (error: unknown) => {
      if (isHome(node)) take(errorEvent(error));
    });
  };
  for (const node of cluster.nodes()) watch(node);
  cluster.on('+node', watch);
  cluster.on('ready', () => {
    // Connects to the namespace's node; the cluster alone is connected to whichever named the others.
    if (home !== undefined) cluster.exists(home).catch(() => undefined);
  });
  // A replica that was connected already becomes the primary without a word.
  cluster.on('refresh', () => {
    if (home !== undefined && cluster.nodes().some((node) => node.status === 'ready' && isHome(node)))
      take({ kind: 'ready' });
  });
  cluster.on('reconnecting', () => take({ kind: 'closed' }));
  cluster.on('error', (error: unknown) => take(errorEvent(error)));
  cluster.on('end', () => asConnectionLog(settings.log)?.forget());
}
