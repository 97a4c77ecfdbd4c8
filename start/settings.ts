import { z } from 'zod';
import {
  laneSettings,
  processSettings,
  producerSettings,
  redisSettings,
  sealingKeysText,
  upstreamSettings,
} from '../shared/config/settings.ts';
import { flag, operatorKey, port, secretText } from '../shared/config/shapes.ts';

/** What `npm start` itself reads; the rest of the environment is handed on to the parts, which judge it. */
export const startEnvironment = z.object({
  ...processSettings,
  LANE: laneSettings.LANE,
  PORT: producerSettings.PORT,
  REDIS_URL: redisSettings.REDIS_URL.optional(),
  REDIS_CA_FILE: redisSettings.REDIS_CA_FILE,
  VERIQUEUE_KEYS: sealingKeysText.optional(),
  OPERATOR_KEY: operatorKey.optional(),
  VERIQUEUE_DATA_DIR: z.string().default('.data'),
  TENCENTCLOUD_SECRET_ID: upstreamSettings.TENCENTCLOUD_SECRET_ID.optional(),
  TENCENTCLOUD_SECRET_KEY: upstreamSettings.TENCENTCLOUD_SECRET_KEY.optional(),
  FACEID_ENDPOINT: upstreamSettings.FACEID_ENDPOINT.unwrap().optional(),
  SANDBOX_PORT: port().prefault('3001'),
  SANDBOX_SECRET_ID: secretText.default('sandbox-secret-id'),
  SANDBOX_SECRET_KEY: secretText.default('sandbox-secret-key'),
  ALLOW_INSECURE_CALLBACKS: flag.default(true),
  /** Prints keys and secrets where standard output is no terminal, too: logs are kept, and read by others. */
  VERIQUEUE_PRINT_KEYS: flag.default(false),
});
export type StartSettings = z.infer<typeof startEnvironment>;
