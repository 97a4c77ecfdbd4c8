import { z } from 'zod';
import { areRead, evenWhenOthersFail, report } from '../shared/config/cross-checks.ts';
import { SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY } from '../shared/config/sandbox-credentials.ts';
import { processSettings } from '../shared/config/settings.ts';
import { flag, port, secretText, wholeNumber } from '../shared/config/shapes.ts';
import type { SandboxOptions } from './app.ts';

const latency = wholeNumber({ min: 0, max: 60_000 });

/** The environment of the sandbox process. */
export const sandboxEnvironment = z
  .object({
    ...processSettings,
    SANDBOX_PORT: port().prefault('3001').describe('The port of the sandbox.'),
    SANDBOX_SECRET_ID: z
      .string()
      .regex(/^[\w-]{1,128}$/, 'must be 1 to 128 letters, digits, "-" and "_"')
      .default(SANDBOX_SECRET_ID)
      .describe('The SecretId that calls must carry.'),
    SANDBOX_SECRET_KEY: secretText.default(SANDBOX_SECRET_KEY).describe('The SecretKey that must sign them.'),
    SANDBOX_TOKEN: secretText.optional().describe('The token that calls must carry, when set.'),
    QUOTA_PER_SECOND: wholeNumber({ min: 1, max: 1_000_000 }).prefault('20'),
    SANDBOX_LATENCY_MIN_MS: latency
      .prefault('100')
      .describe('The shortest time that an answer takes, in milliseconds.'),
    SANDBOX_LATENCY_MAX_MS: latency
      .prefault('400')
      .describe('The longest time that an answer takes, in milliseconds.'),
    SANDBOX_PER_ID_LIMITS: flag
      .default(false)
      .describe('Allows 15 calls a minute and 30 a day about one ID number, as the real service does.'),
  })
  .superRefine((settings, context) => {
    if (!areRead(context, 'SANDBOX_LATENCY_MIN_MS', 'SANDBOX_LATENCY_MAX_MS')) return;
    if (settings.SANDBOX_LATENCY_MAX_MS >= settings.SANDBOX_LATENCY_MIN_MS) return;
    report(context, 'SANDBOX_LATENCY_MAX_MS', 'must not be less than SANDBOX_LATENCY_MIN_MS');
  }, evenWhenOthersFail);

export type SandboxSettings = z.output<typeof sandboxEnvironment>;

/** The settings as `createSandbox` takes them. */
export function sandboxOptions(settings: SandboxSettings): SandboxOptions {
  const token = settings.SANDBOX_TOKEN;
  return {
    host: settings.HOST,
    port: settings.SANDBOX_PORT,
    secretId: settings.SANDBOX_SECRET_ID,
    secretKey: settings.SANDBOX_SECRET_KEY,
    ...(token === undefined ? {} : { token }),
    quotaPerSecond: settings.QUOTA_PER_SECOND,
    latencyMs: { min: settings.SANDBOX_LATENCY_MIN_MS, max: settings.SANDBOX_LATENCY_MAX_MS },
    perIdLimits: settings.SANDBOX_PER_ID_LIMITS,
  };
}
