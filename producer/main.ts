import { runProcess } from '../shared/run-process.ts';

// Loaded late on purpose: see runProcess.
runProcess(async () => (await import('./run-producer.ts')).runProducer);
