import { startChild } from '../child.ts';
import type { PlainPipelineOptions } from '../plain-pipeline.ts';
import type { Chain, ChainSurroundings } from './chain.ts';
import type { PlainSubmitterOrders } from './plain-submitter.ts';

export async function startPlainChain(surroundings: ChainSurroundings): Promise<Chain> {
  const { redisUrl, upstreamUrl, receiverUrl, concurrency, photoBytes } = surroundings;
  const pipeline: PlainPipelineOptions = { redisUrl, upstreamUrl, receiverUrl, concurrency };
  const submissions: PlainSubmitterOrders = { redisUrl, photoBytes };
  const worker = await startChild(new URL('plain-worker.ts', import.meta.url), pipeline);
  const submitter = await startChild(new URL('plain-submitter.ts', import.meta.url), submissions);
  return {
    submit: async (order) => void (await submitter.ask(order)),
    stop: async () => {
      await submitter.stop();
      await worker.stop();
    },
  };
}
