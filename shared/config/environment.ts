import type { z } from 'zod';
import { plural } from '../contract/plural.ts';

export interface Mistake {
  readonly variable: string;
  readonly reason: string;
}

/** Every mistake in the environment at once, by variable, without any value: some are secrets. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map((mistake) => `  ${describeMistake(mistake)}`);
    const what = plural(mistakes.length, 'setting is wrong', 'settings are wrong');
    super(`Cannot start: ${what}\n${lines.join('\n')}`);
    this.mistakes = mistakes;
  }
}

/** As a sentence: `PORT must be a whole number from 0 to 65535`. */
function describeMistake({ variable, reason }: Mistake): string {
  return reason.startsWith('must ') ? `${variable} ${reason}` : `${variable}: ${reason}`;
}

/**
 * The door for the environment. An empty variable counts as unset, as `VAR= command` and compose files mean it.
 *
 * @param others mistakes in variables that are no settings of ours, to be reported with the rest
 * @throws EnvironmentError
 */
export function parseEnvironment<T extends z.ZodType>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
  others: readonly Mistake[] = [],
): z.output<T> {
  const set = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(set);
  if (parsed.success && others.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues;
  throw new EnvironmentError([
    ...issues.map((issue) => {
      const variable = issue.path.map(String).join('.');
      // Of an absent variable zod says what type it expected; a rule of ours says more than that it is missing.
      const isAbsent = set[variable] === undefined && issue.code !== 'custom';
      return { variable, reason: isAbsent ? 'must be set' : issue.message };
    }),
    ...others,
  ]);
}

const secretNames = new Set([
  'REDIS_URL',
  'EPOCH_KEYS_REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'VERIQUEUE_KEYS',
  'SIGNING_KEYS',
  'OPERATOR_KEY',
  'TENCENTCLOUD_SECRET_ID',
  'TENCENTCLOUD_SECRET_KEY',
  'TENCENTCLOUD_TOKEN',
  'PHOTO_STORE_ACCESS_KEY_ID',
  'PHOTO_STORE_SECRET_ACCESS_KEY',
  'PHOTO_STORE_SESSION_TOKEN',
  'SANDBOX_SECRET_KEY',
  'SANDBOX_TOKEN',
]);

/** The effective settings for the log at start-up: secrets show only that they are set. */
export function maskSettings(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, secretNames.has(name) ? '(set)' : value]),
  );
}
