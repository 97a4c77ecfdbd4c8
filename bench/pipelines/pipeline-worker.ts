import { type BullmqKind, STARTS } from './pipeline.ts';
import type { PipelineOptions } from './pipeline-options.ts';

export interface PipelineWorkerOrders extends PipelineOptions {
  readonly kind: BullmqKind;
}

/* The one worker process of a pipeline. Its orders come as one JSON argument; it ends with its parent. */
const orders: PipelineWorkerOrders = JSON.parse(process.argv[2] ?? '');
await STARTS[orders.kind](orders);
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url: '' });
