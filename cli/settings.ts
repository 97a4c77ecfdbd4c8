import { z } from 'zod';
import { auditSettings } from '../shared/config/audit-settings.ts';
import { epochSettings } from '../shared/config/epoch-settings.ts';
import { photoStoreSettings } from '../shared/config/photo-store-settings.ts';
import { redisSettings } from '../shared/config/redis-settings.ts';
import {
  laneSettings,
  logSharingSettings,
  producerSettings,
  retentionSettings,
  testLaneSettings,
} from '../shared/config/settings.ts';
import { flag, httpUrl, secretText } from '../shared/config/shapes.ts';
import { signingSettings } from '../shared/config/signing-settings.ts';

/** Everything the command line reads from its environment. Each command needs some of it, so nothing is required here. */
export const cliEnvironment = z.object({
  LANE: laneSettings.LANE,
  ...testLaneSettings,
  // Whatever a server's connection can be set to holds for the one of the command line too.
  ...redisSettings,
  REDIS_URL: redisSettings.REDIS_URL.optional(),
  /** Parsed when a command needs it: most do not. */
  VERIQUEUE_KEYS: z.string().optional(),
  /** For `keys rotate`, which wraps again what an epoch has wrapped. */
  ...epochSettings,
  /** For `deliveries test`, which signs as the workers do, and for `audit`. */
  ...signingSettings,
  ...auditSettings,
  /** For `record-of-processing`, which states what they say. */
  ...retentionSettings,
  ...logSharingSettings,
  PHOTO_STORE: photoStoreSettings.PHOTO_STORE,
  VERIQUEUE_DATA_DIR: z.string().default('.data'),
  /** Unset, it is true beside a development Redis, as `npm start` has it, and false otherwise. */
  ALLOW_INSECURE_CALLBACKS: flag.optional(),
  /** For `batch --check`: judge ID numbers as a producer with this setting does. */
  ALLOW_CHECK_DIGIT_FAILURE: producerSettings.ALLOW_CHECK_DIGIT_FAILURE,
  /** Where the producer is, for the commands that talk to it. */
  VERIQUEUE_URL: httpUrl.optional(),
  VERIQUEUE_API_KEY: secretText.optional(),
  /** The operators' API, for what otherwise works on Redis; `VERIQUEUE_URL` unless set. */
  VERIQUEUE_OPERATOR_URL: httpUrl.optional(),
  /** Not `OPERATOR_KEY`, which a shell has that runs a producer: with this set, commands go over the network. */
  VERIQUEUE_OPERATOR_KEY: secretText.optional(),
  /** The profile to use; `--profile` goes before it. */
  VERIQUEUE_PROFILE: z.string().optional(),
  /** Where profiles are kept, in a folder `veriqueue`; unset: `~/.config`. */
  XDG_CONFIG_HOME: z.string().optional(),
  /** For `listen`: one webhook secret, or several divided by spaces while one rotates. */
  VERIQUEUE_WEBHOOK_SECRET: z
    .string()
    .transform((text) => text.trim().split(/\s+/))
    .optional(),
  NO_COLOR: z.string().optional(),
});
export type CliSettings = z.output<typeof cliEnvironment>;
