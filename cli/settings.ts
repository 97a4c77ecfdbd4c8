import { z } from 'zod';
import { laneSettings, producerSettings, redisSettings } from '../shared/config/settings.ts';
import { flag, httpUrl, secretText } from '../shared/config/shapes.ts';

/** Everything the command line reads from its environment. Each command needs some of it, so nothing is required here. */
export const cliEnvironment = z.object({
  LANE: laneSettings.LANE,
  // Whatever a server's connection can be set to holds for the one of the command line too.
  ...redisSettings,
  REDIS_URL: redisSettings.REDIS_URL.optional(),
  /** Parsed when a command needs it: most do not. */
  VERIQUEUE_KEYS: z.string().optional(),
  VERIQUEUE_DATA_DIR: z.string().default('.data'),
  /** Unset, it is true beside a development Redis, as `npm start` has it, and false otherwise. */
  ALLOW_INSECURE_CALLBACKS: flag.optional(),
  /** For `batch --check`: judge ID numbers as a producer with this setting does. */
  ALLOW_CHECK_DIGIT_FAILURE: producerSettings.ALLOW_CHECK_DIGIT_FAILURE,
  /** Where the producer is, for the commands that talk to it. */
  VERIQUEUE_URL: httpUrl.optional(),
  VERIQUEUE_API_KEY: secretText.optional(),
  /** For `listen`: one webhook secret, or several divided by spaces while one rotates. */
  VERIQUEUE_WEBHOOK_SECRET: z
    .string()
    .transform((text) => text.trim().split(/\s+/))
    .optional(),
  NO_COLOR: z.string().optional(),
});
export type CliSettings = z.output<typeof cliEnvironment>;
