import {
  type FieldError,
  type Problem,
  type ProblemCode,
  type ProblemMembers,
  problemTable,
} from '../shared/contract/problem.ts';
import { problemType } from '../shared/contract/problem-type.ts';

/** What a request handler throws when the answer is a problem. Nothing a client sent is ever in it. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly members: ProblemMembers;

  constructor(
    code: ProblemCode,
    details: {
      readonly errors?: readonly FieldError[];
      readonly headers?: Readonly<Record<string, string>>;
      readonly members?: ProblemMembers;
      readonly cause?: unknown;
    } = {},
  ) {
    super(problemTable[code].title, { cause: details.cause });
    this.code = code;
    this.errors = details.errors;
    this.headers = details.headers ?? {};
    this.members = details.members ?? {};
  }
}

/** RFC 9457, section 3.1. The type is a path, because each deployment has an address of its own: `problem-routes.ts` serves it. */
export function presentProblem(
  code: ProblemCode,
  errors?: readonly FieldError[],
  members: ProblemMembers = {},
): Problem {
  const { status, title } = problemTable[code];
  return {
    type: problemType(code),
    title,
    status,
    code,
    ...members,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** @param seconds rounded up, at least 1: a client that receives 0 comes back at once */
export function retryAfter(seconds: number): { 'retry-after': string } {
  return { 'retry-after': String(Math.max(1, Math.ceil(seconds))) };
}
