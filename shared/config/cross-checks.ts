import type { z } from 'zod';

/**
 * Rules about two settings at once. They run even when another setting is wrong, so that one start reports every
 * mistake, and look first whether theirs could be read: `areRead`.
 */
export const evenWhenOthersFail = { when: () => true };

/** False when one of them has a mistake of its own; its value is then not what its type says. */
export function areRead(context: z.RefinementCtx, ...variables: readonly string[]): boolean {
  return !context.issues.some(({ path }) => variables.includes(String(path?.[0])));
}

export function report(context: z.RefinementCtx, variable: string, message: string): void {
  context.addIssue({ code: 'custom', path: [variable], message });
}
