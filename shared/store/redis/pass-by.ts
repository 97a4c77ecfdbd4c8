import { ZodError } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import { classifyRedisError, describeRedisError } from './failure.ts';

/**
 * Is given what was passed by among many, and why.
 *
 * @param element an id, a client or a key; never a subject, never a stored value
 */
export type ReportPassedBy = (element: string, reason: string) => void;

/** What every other element would meet as well. */
const MEETS_ALL = /\b(NOPERM|NOAUTH|WRONGPASS)\b/;

/**
 * Works on one element of many. A key of another type, a hash that cannot be parsed or an id of nothing is reported and
 * passed by: one bad element must not keep the caller from all the others.
 *
 * @returns what `work` returns, or undefined for an element that was passed by
 * @throws the failure when it is Redis' own, which every other element would meet too
 */
export async function passBy<T>(
  element: string,
  report: ReportPassedBy,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    const meetsAll = error instanceof Error && MEETS_ALL.test(error.message);
    if (meetsAll || classifyRedisError(error) !== undefined) throw error;
    report(element, describeBadElement(error));
    return undefined;
  }
}

/** Yields what `walk` yields; a walk over a key that is bad is reported and ends there. @throws as {@link passBy} */
export async function* passByWalk<T>(
  element: string,
  report: ReportPassedBy,
  walk: AsyncGenerator<T>,
): AsyncGenerator<T> {
  for (;;) {
    const next = await passBy(element, report, () => walk.next());
    if (next === undefined || next.done) return;
    yield next.value;
  }
}

/** A parser's message quotes what it parsed, which may be a client's; only its kind is named. */
function describeBadElement(error: unknown): string {
  if (error instanceof ZodError) return `cannot be read: ${namesOfFields(error).join(', ') || 'its text'}`;
  if (error instanceof Error && error.name === 'ReplyError') return describeRedisError(error);
  return error instanceof Error ? `cannot be read (${error.name})` : 'cannot be read';
}
