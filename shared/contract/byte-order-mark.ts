const MARK = '\uFEFF';

/**
 * The fields without a byte order mark at the beginning of a text. It is no part of the text, and a form's parser drops it:
 * the same text must be the same whichever way it came.
 *
 * @param fields what was parsed of a body or a row; anything but an object is returned as it is
 */
export function dropByteOrderMarks(fields: unknown): unknown {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return fields;
  // Nearly no body has one.
  if (!Object.values(fields).some(startsWithMark)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, startsWithMark(value) ? value.slice(1) : value]),
  );
}

function startsWithMark(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(MARK);
}
