import { z } from 'zod';

const MARK = '\uFEFF';
const record = z.record(z.string(), z.unknown());

/**
 * The fields without a byte order mark at the beginning of a text. It is no part of the text, and a form's parser drops it:
 * the same text must be the same whichever way it came.
 *
 * @param fields what was parsed of a body or a row; anything but an object is returned as it is
 */
export function dropByteOrderMarks(fields: unknown): unknown {
  const parsed = record.safeParse(fields);
  if (!parsed.success || !Object.values(parsed.data).some(startsWithMark)) return fields;
  return Object.fromEntries(
    Object.entries(parsed.data).map(([name, value]) => [
      name,
      startsWithMark(value) ? value.slice(1) : value,
    ]),
  );
}

function startsWithMark(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(MARK);
}
