import { randomBytes } from 'node:crypto';
import type { PipelineKind } from '../pipelines/pipeline.ts';
import type { PipelineFrontOrders } from '../pipelines/pipeline-front.ts';
import type { PipelineOptions } from '../pipelines/pipeline-options.ts';
import type { PipelineSubmitterOrders } from '../pipelines/pipeline-submitter.ts';
import type { PipelineWorkerOrders } from '../pipelines/pipeline-worker.ts';
import type { Stack, StackOptions } from './contender.ts';
import type { HttpSubmitterOrders } from './http-submitter.ts';
import { startSidekiq } from './sidekiq-process.ts';
import { buildStack, type StackBuilder } from './stack.ts';

const KEY_BYTES = 32;

/** A pipeline written by hand, without HTTP and behind the smallest front. */
export function startPipelineStack(kind: PipelineKind, options: StackOptions): Promise<Stack> {
  const { upstreamUrl, receiverUrl, concurrency, photoBytes, only } = options;
  return buildStack(options, async (builder) => {
    const pipeline: PipelineOptions = {
      redisUrl: builder.redis.url,
      upstreamUrl,
      receiverUrl,
      concurrency,
      sealingKey: randomBytes(KEY_BYTES).toString('base64'),
      webhookSecret: `whsec_${randomBytes(KEY_BYTES).toString('base64')}`,
    };
    const worker = await startWorker(kind, pipeline, builder);
    const overHttp = (['json', 'form'] as const).filter((body) => only(`${kind}-${body}`));
    if (overHttp.length > 0) {
      const orders: PipelineFrontOrders = { ...pipeline, kind };
      const front = await builder.start('bench/pipelines/pipeline-front', orders);
      for (const body of overHttp) {
        const client: HttpSubmitterOrders = { url: front.url, apiKey: 'none', body, photoBytes };
        await builder.add(`${kind}-${body}`, { worker, producer: front.pid }, () =>
          builder.start('bench/peers/http-submitter', client),
        );
      }
    }
    const inProcess: PipelineSubmitterOrders = { ...pipeline, kind, photoBytes };
    await builder.add(kind, { worker }, () => builder.start('bench/pipelines/pipeline-submitter', inProcess));
  });
}

/** @returns its process id */
async function startWorker(
  kind: PipelineKind,
  pipeline: PipelineOptions,
  { keep, start }: StackBuilder,
): Promise<number> {
  if (kind === 'sidekiq') return keep(await startSidekiq(pipeline)).pid;
  const orders: PipelineWorkerOrders = { ...pipeline, kind };
  return (await start('bench/pipelines/pipeline-worker', orders)).pid;
}
