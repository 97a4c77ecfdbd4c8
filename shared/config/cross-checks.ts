import type { z } from 'zod';

/**
 * Rules about two settings at once. They run even when another setting is wrong, so that one start reports every
 * mistake, and look first whether theirs could be read: `areRead`.
 */
export const evenWhenOthersFail = { when: () => true };

interface RedisSettings {
  readonly REDIS_URL: string;
  readonly REDIS_CA_FILE?: string | undefined;
}

/** False when one of them has a mistake of its own; its value is then not what its type says. */
export function areRead(context: z.RefinementCtx, ...variables: readonly string[]): boolean {
  return !context.issues.some(({ path }) => variables.includes(String(path?.[0])));
}

/** An authority for a connection without TLS would be ignored, while the operator believes that it protects. */
export function checkRedisAuthority({ REDIS_URL, REDIS_CA_FILE }: RedisSettings, context: z.RefinementCtx) {
  if (!areRead(context, 'REDIS_URL', 'REDIS_CA_FILE') || REDIS_CA_FILE === undefined) return;
  if (REDIS_URL.startsWith('rediss:')) return;
  report(context, 'REDIS_CA_FILE', 'must be unset unless REDIS_URL begins with rediss://');
}

export function report(context: z.RefinementCtx, variable: string, message: string): void {
  context.addIssue({ code: 'custom', path: [variable], message });
}
