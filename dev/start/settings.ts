import { z } from 'zod';
import { accountsSettings } from '../../shared/config/accounts-settings.ts';
import { areRead, evenWhenOthersFail, report } from '../../shared/config/cross-checks.ts';
import { refuseSandbox } from '../../shared/config/livemode.ts';
import { redisSettings } from '../../shared/config/redis-settings.ts';
import { SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY } from '../../shared/config/sandbox-credentials.ts';
import {
  laneSettings,
  processSettings,
  producerSettings,
  sandboxUseSettings,
  sealingKeysText,
  upstreamSettings,
} from '../../shared/config/settings.ts';
import { flag, operatorKey, port, secretText, upstreamEndpoint } from '../../shared/config/shapes.ts';

const shape = z.object({
  ...processSettings,
  LANE: laneSettings.LANE,
  PORT: producerSettings.PORT,
  ...redisSettings,
  REDIS_URL: redisSettings.REDIS_URL.optional(),
  VERIQUEUE_KEYS: sealingKeysText.optional(),
  OPERATOR_KEY: operatorKey.optional(),
  VERIQUEUE_DATA_DIR: z.string().default('.data').meta({
    description: 'The folder of the keys, the client and the private Redis that `npm start` makes.',
    allowed: 'a path',
  }),
  ACCOUNTS_FILE: accountsSettings.ACCOUNTS_FILE,
  TENCENTCLOUD_SECRET_ID: upstreamSettings.TENCENTCLOUD_SECRET_ID.optional(),
  TENCENTCLOUD_SECRET_KEY: upstreamSettings.TENCENTCLOUD_SECRET_KEY.optional(),
  FACEID_ENDPOINT: upstreamEndpoint.optional(),
  ...sandboxUseSettings,
  SANDBOX_PORT: port().prefault('3001'),
  SANDBOX_SECRET_ID: secretText.default(SANDBOX_SECRET_ID),
  SANDBOX_SECRET_KEY: secretText.default(SANDBOX_SECRET_KEY),
  ALLOW_INSECURE_CALLBACKS: flag.default(true),
  VERIQUEUE_PRINT_KEYS: flag
    .default(false)
    .describe(
      'Prints keys and secrets also where standard output is no terminal. Without it, `npm start` names the files that hold them, because logs are kept and read by others.',
    ),
});
export type StartSettings = z.output<typeof shape>;

/** What `npm start` itself reads; the rest of the environment is handed on to the parts, which judge it. */
export const startEnvironment = shape.superRefine((settings, context) => {
  if (!areRead(context, 'ALLOW_SANDBOX') || !usesSandbox(settings)) return;
  const refusal = refuseSandbox(false, settings);
  if (refusal !== null) report(context, 'ALLOW_SANDBOX', refusal);
}, evenWhenOthersFail);

/** Without an account of one's own, the sandbox stands in. */
export function usesSandbox(settings: StartSettings): boolean {
  return (
    settings.TENCENTCLOUD_SECRET_ID === undefined &&
    settings.TENCENTCLOUD_SECRET_KEY === undefined &&
    settings.FACEID_ENDPOINT === undefined &&
    settings.ACCOUNTS_FILE === undefined
  );
}
