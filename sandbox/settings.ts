import { z } from 'zod';
import { processSettings } from '../shared/config/settings.ts';
import type { SandboxOptions } from './app.ts';

/** Known to everyone, and worth nothing outside the sandbox. */
const DEFAULT_SECRET_ID = 'sandbox-secret-id';
const DEFAULT_SECRET_KEY = 'sandbox-secret-key';

const latency = z.coerce.number().int().min(0).max(60_000);

/** The environment of the sandbox process. */
export const sandboxEnvironment = z
  .object({
    ...processSettings,
    SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3001),
    SANDBOX_SECRET_ID: z
      .string()
      .regex(/^[\w-]+$/, 'must consist of letters, digits, "-" and "_"')
      .default(DEFAULT_SECRET_ID),
    SANDBOX_SECRET_KEY: z.string().default(DEFAULT_SECRET_KEY),
    /** The STS token that calls must carry. */
    SANDBOX_TOKEN: z.string().optional(),
    QUOTA_PER_SECOND: z.coerce.number().int().min(1).max(1_000_000).default(20),
    SANDBOX_LATENCY_MIN_MS: latency.default(100),
    SANDBOX_LATENCY_MAX_MS: latency.default(400),
    /** 15 calls a minute and 30 a day about one ID number. */
    SANDBOX_PER_ID_LIMITS: z.enum(['true', 'false']).default('false'),
  })
  .refine((env) => !(env.SANDBOX_LATENCY_MAX_MS < env.SANDBOX_LATENCY_MIN_MS), {
    path: ['SANDBOX_LATENCY_MAX_MS'],
    message: 'must not be less than SANDBOX_LATENCY_MIN_MS',
    // Compared even when another variable is wrong, so that one start reports every mistake.
    when: () => true,
  });

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
    perIdLimits: settings.SANDBOX_PER_ID_LIMITS === 'true',
  };
}
