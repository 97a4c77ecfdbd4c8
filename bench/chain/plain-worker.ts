import { type PlainPipelineOptions, startPlainPipeline } from '../plain-pipeline.ts';

/* The plain pipeline's one worker process. Its orders come as one JSON argument; it ends with its parent. */
const orders: PlainPipelineOptions = JSON.parse(process.argv[2] ?? '');
await startPlainPipeline(orders);
process.once('disconnect', () => process.exit(0));
process.send?.({ ready: true, url: '' });
