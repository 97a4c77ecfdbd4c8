import type { z } from 'zod';
import type { FieldError } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** More say nothing new to a client, and an answer must not grow with what was sent. */
const MAX_ERRORS = 20;

/**
 * A name is echoed only when it looks like one. A client that mixes up keys and values would otherwise find an ID number,
 * or a person's name, in an error.
 */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,31}$/;

/**
 * zod's issues as `errors[]`: pointers to fields and constant sentences, never a value.
 *
 * @param input what was parsed: distinguishes a missing field from one of the wrong type
 */
export function presentIssues(issues: readonly Issue[], input: unknown): FieldError[] {
  return issues.flatMap((issue) => presentIssue(issue, input)).slice(0, MAX_ERRORS);
}

function presentIssue(issue: Issue, input: unknown): FieldError[] {
  const pointer = pointerOf(issue.path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.slice(0, MAX_ERRORS).map((key) => ({
        pointer: pointerOf([...issue.path, key]),
        code: 'unknown_field',
        detail: 'is not a field of this request',
      }));
    case 'invalid_type':
      return [
        isMissing(issue.path, input)
          ? { pointer, code: 'required', detail: 'must be present' }
          : { pointer, code: 'invalid_type', detail: `must be of type ${issue.expected}` },
      ];
    case 'too_big':
      return [{ pointer, code: 'too_large', detail: `must not exceed ${issue.maximum}` }];
    case 'too_small':
      return [{ pointer, code: 'too_small', detail: `must be at least ${issue.minimum}` }];
    case 'invalid_value':
      return [{ pointer, code: 'invalid_value', detail: `must be one of ${issue.values.join(', ')}` }];
    case 'invalid_key':
      // The name itself may be a value in the wrong place.
      return presentIssues(issue.issues, undefined).map(({ code, detail }) => ({
        ...{ pointer, code, detail: `must have names each of which ${detail}` },
      }));
    case 'custom':
      return [presentRule(pointer, issue)];
    default:
      return [{ pointer, code: 'invalid_format', detail: 'has the wrong form' }];
  }
}

/** A rule of a schema's own says its code and its sentence, which are constants. */
function presentRule(pointer: string, { params, message }: z.core.$ZodIssueCustom): FieldError {
  const code: unknown = params?.['code'];
  return typeof code === 'string'
    ? { pointer, code, detail: message }
    : { pointer, code: 'invalid_format', detail: 'has the wrong form' };
}

/** RFC 6901; a path into a name that may not be echoed points to what holds it. */
export function pointerOf(path: readonly PropertyKey[]): string {
  const names = path.map(String);
  const unsafe = names.findIndex((name) => !PLAIN_NAME.test(name));
  return names
    .slice(0, unsafe === -1 ? names.length : unsafe)
    .map((name) => `/${name}`)
    .join('');
}

function isMissing(path: readonly PropertyKey[], input: unknown): boolean {
  const [field, ...rest] = path;
  if (field === undefined || rest.length > 0) return false;
  return typeof input === 'object' && input !== null && !Object.hasOwn(input, field);
}
