import type { z } from 'zod';
import { presentIssues } from '../shared/contract/present-issues.ts';
import type { ProblemCode } from '../shared/contract/problem.ts';
import { ProblemError } from './problem.ts';

/** Parses what a request carries: the value, or the problem with every field's error. */
export function parseInput<T extends z.ZodType>(schema: T, input: unknown, code: ProblemCode): z.output<T> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new ProblemError(code, { errors: presentIssues(parsed.error.issues, input) });
}
