import { startChild } from '../child.ts';
import type { PipelineSubmitterOrders } from '../pipelines/pipeline-submitter.ts';
import type { PipelineWorkerOrders } from '../pipelines/pipeline-worker.ts';
import type { Chain, ChainSurroundings } from './chain.ts';

export async function startPlainChain({ photoBytes, ...surroundings }: ChainSurroundings): Promise<Chain> {
  const orders: PipelineWorkerOrders = {
    ...surroundings,
    kind: 'bullmq-plain',
    sealingKey: '',
    webhookSecret: '',
  };
  const submissions: PipelineSubmitterOrders = { ...orders, photoBytes };
  const worker = await startChild(new URL('../pipelines/pipeline-worker.ts', import.meta.url), orders);
  const submitter = await startChild(
    new URL('../pipelines/pipeline-submitter.ts', import.meta.url),
    submissions,
  );
  return {
    submit: async (order) => void (await submitter.ask(order)),
    stop: async () => {
      await submitter.stop();
      await worker.stop();
    },
  };
}
