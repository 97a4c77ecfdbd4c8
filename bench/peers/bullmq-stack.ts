import { randomBytes } from 'node:crypto';
import type { PipelineKind } from '../bullmq/pipeline.ts';
import type { PipelineFrontOrders } from '../bullmq/pipeline-front.ts';
import type { PipelineSubmitterOrders } from '../bullmq/pipeline-submitter.ts';
import type { PipelineWorkerOrders } from '../bullmq/pipeline-worker.ts';
import type { Stack, StackOptions } from './contender.ts';
import type { HttpSubmitterOrders } from './http-submitter.ts';
import { buildStack } from './stack.ts';

const KEY_BYTES = 32;

/** A pipeline written by hand, without HTTP and behind the smallest front. */
export function startBullmqStack(kind: PipelineKind, options: StackOptions): Promise<Stack> {
  const { upstreamUrl, receiverUrl, concurrency, photoBytes, only } = options;
  const name = `bullmq-${kind}`;
  return buildStack(options, async ({ redis, start, add }) => {
    const orders: PipelineWorkerOrders & PipelineFrontOrders = {
      kind,
      redisUrl: redis.url,
      upstreamUrl,
      receiverUrl,
      concurrency,
      sealingKey: randomBytes(KEY_BYTES).toString('base64'),
      webhookSecret: `whsec_${randomBytes(KEY_BYTES).toString('base64')}`,
    };
    const worker = (await start('bench/bullmq/pipeline-worker', orders)).pid;
    const overHttp = (['json', 'form'] as const).filter((body) => only(`${name}-${body}`));
    if (overHttp.length > 0) {
      const front = await start('bench/bullmq/pipeline-front', orders);
      for (const body of overHttp) {
        const client: HttpSubmitterOrders = { url: front.url, apiKey: 'none', body, photoBytes };
        await add(`${name}-${body}`, { worker, producer: front.pid }, () =>
          start('bench/peers/http-submitter', client),
        );
      }
    }
    const inProcess: PipelineSubmitterOrders = { ...orders, photoBytes };
    await add(name, { worker }, () => start('bench/bullmq/pipeline-submitter', inProcess));
  });
}
