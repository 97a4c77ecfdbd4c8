import { z } from 'zod';
import {
  callbackSettings,
  laneSettings,
  processSettings,
  producerSettings,
  redisSettings,
  retentionSettings,
  sealingSettings,
} from '../shared/config/settings.ts';

/** Everything the producer reads from its environment. */
export const producerEnvironment = z.object({
  ...processSettings,
  ...redisSettings,
  ...laneSettings,
  ...sealingSettings,
  ...retentionSettings,
  ...callbackSettings,
  ...producerSettings,
  /** When set, health, metrics and docs are served there and no longer beside the API. */
  OPERATIONS_PORT: z.coerce.number('must be a port').int().min(0).max(65_535).optional(),
  OPERATIONS_HOST: z.string().optional(),
  /** Opens the console and the queues; without it they are not there. */
  OPERATOR_KEY: z.string().min(24, 'must be at least 24 characters').optional(),
});
export type ProducerSettings = z.output<typeof producerEnvironment>;
