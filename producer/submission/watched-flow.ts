import type { AtomicFlow } from '../../shared/store/queue/atomic-flow.ts';
import type { Redis } from '../../shared/store/redis/redis-client.ts';
import { createReplyWatch, type ReplyWatch } from '../../shared/store/redis/reply-watch.ts';

/** With the look that finds it out, the client's second is not over. */
const SILENT_MS = 700;

/** A flow whose connection is given up when Redis is silent, and not when its answers take long. */
export interface WatchedFlow extends AtomicFlow, Pick<ReplyWatch, 'isBehind'> {}

/** @param redis the flow's connection, of the `flow` role */
export function watchFlow(flow: AtomicFlow, redis: Redis): WatchedFlow {
  const { watch, isBehind } = createReplyWatch({
    silentMs: SILENT_MS,
    onSilent: () => redis.disconnect(true),
    now: () => performance.now(),
  });
  return { ...flow, add: (job, companion) => watch(() => flow.add(job, companion)), isBehind };
}
