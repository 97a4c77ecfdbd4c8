import { z } from 'zod';
import { laneSettings, processSettings, producerSettings, redisSettings } from '../shared/config/settings.ts';

/** What `npm start` itself reads; the rest of the environment is handed on to the parts, which judge it. */
export const startEnvironment = z.object({
  ...processSettings,
  LANE: laneSettings.LANE,
  PORT: producerSettings.PORT,
  REDIS_URL: z.string().optional(),
  REDIS_CA_FILE: redisSettings.REDIS_CA_FILE,
  VERIQUEUE_KEYS: z.string().optional(),
  OPERATOR_KEY: z.string().optional(),
  VERIQUEUE_DATA_DIR: z.string().default('.data'),
  TENCENTCLOUD_SECRET_ID: z.string().optional(),
  TENCENTCLOUD_SECRET_KEY: z.string().optional(),
  FACEID_ENDPOINT: z.string().optional(),
  SANDBOX_PORT: z.coerce.number('must be a port').int().min(0).max(65_535).default(3001),
  SANDBOX_SECRET_ID: z.string().default('sandbox-secret-id'),
  SANDBOX_SECRET_KEY: z.string().default('sandbox-secret-key'),
  ALLOW_INSECURE_CALLBACKS: z.string().default('true'),
});
export type StartSettings = z.infer<typeof startEnvironment>;
