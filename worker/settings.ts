import { z } from 'zod';
import {
  callbackSettings,
  laneSettings,
  personLimitSettings,
  processSettings,
  redisSettings,
  retentionSettings,
  retrySettings,
  sealingSettings,
  upstreamSettings,
  workerSettings,
} from '../shared/config/settings.ts';

/** Everything a worker reads from its environment. */
export const workerEnvironment = z.object({
  ...processSettings,
  ...redisSettings,
  ...laneSettings,
  ...sealingSettings,
  ...retentionSettings,
  ...callbackSettings,
  ...upstreamSettings,
  ...retrySettings,
  ...personLimitSettings,
  ...workerSettings,
});
export type WorkerSettings = z.infer<typeof workerEnvironment>;
