import { verificationId } from '../../shared/contract/verification.ts';
import type { ListCursor } from '../../shared/store/verifications/read.ts';
import { ProblemError } from '../problem.ts';

/** Opaque to clients, so that what it holds may change. */
export function encodeCursor({ submittedAt, id }: ListCursor): string {
  return Buffer.from(`${submittedAt}.${id}`).toString('base64url');
}

/** @throws {ProblemError} */
export function decodeCursor(text: string): ListCursor {
  const [, time = '', id = ''] =
    /^(\d{1,15})\.(.+)$/.exec(Buffer.from(text, 'base64url').toString('latin1')) ?? [];
  const cursor = { submittedAt: Number(time), id };
  if (verificationId.safeParse(id).success && encodeCursor(cursor) === text) return cursor;
  throw noCursor();
}

/** The same for a list by numbers of events. */
export const encodeNumberCursor = (sequence: number): string =>
  Buffer.from(String(sequence)).toString('base64url');

/** @throws {ProblemError} */
export function decodeNumberCursor(text: string): number {
  const decoded = Buffer.from(text, 'base64url').toString('latin1');
  const sequence = /^\d{1,15}$/.test(decoded) ? Number(decoded) : Number.NaN;
  if (encodeNumberCursor(sequence) === text) return sequence;
  throw noCursor();
}

const noCursor = () =>
  new ProblemError('invalid_query', {
    errors: [
      { pointer: '/cursor', code: 'invalid_format', detail: 'must be a nextCursor of an earlier page' },
    ],
  });
