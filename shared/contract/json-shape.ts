/** How deep and how rich a JSON text may be before anything parses it. */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Members of all objects and elements of all arrays together, and empty ones. */
  readonly members: number;
}

export type JsonShape = 'fits' | 'too_deep' | 'too_many_members';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Looks at the brackets and commas of a JSON text, without parsing it. `JSON.parse` is recursive, and what it makes of
 * nested arrays has to be walked and collected again: 3 MB of `[` cost two seconds of a process that serves others. One
 * pass over the bytes costs a thousandth of that, and ends where a limit is passed.
 *
 * Says nothing about whether the text is JSON. UTF-8 needs no decoding: no byte of a longer character is below 0x80.
 */
export function classifyJsonShape(text: Uint8Array, limits: JsonLimits): JsonShape {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case QUOTE:
        at = findStringEnd(text, at);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        members += 1;
        if (depth > limits.depth) return 'too_deep';
        if (members > limits.members) return 'too_many_members';
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth -= 1;
        break;
      case COMMA:
        members += 1;
        if (members > limits.members) return 'too_many_members';
        break;
    }
  }
  return 'fits';
}

/** @returns where the string that begins at `start` is closed; the text's length when it is not */
export function findStringEnd(text: Uint8Array, start: number): number {
  // Nearly every string, a photo's megabytes above all, has no escapes: the native search finds its end at once.
  const first = text.indexOf(QUOTE, start + 1);
  if (first === -1) return text.length;
  if (text[first - 1] !== BACKSLASH) return first;
  // With escapes, byte by byte: a native search for each of a million escaped quotes would cost more.
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === BACKSLASH) at += 1;
    else if (text[at] === QUOTE) return at;
  }
  return text.length;
}
