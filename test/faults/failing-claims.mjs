// Loaded into a worker before its own code: BullMQ's loop fails once the worker runs, as it would for a fault of its own.
import { Worker } from 'bullmq';

Worker.prototype.mainLoop = async () => {
  throw new Error('injected');
};
