/**
 * `multipart/form-data` (RFC 7578, on RFC 2046 section 5.1), parsed from a complete body. A streaming
 * parser would save nothing, because the photo is needed as a whole; and a parser that waits can wait without end.
 */
import { type PartHead, parsePartHead } from './part-head.ts';

export interface FormPart extends PartHead {
  /** A view of the body, not a copy. */
  readonly bytes: Buffer;
}

/** What is wrong with a form: a code, and a sentence that quotes nothing of it. */
export interface FormFault {
  readonly code: string;
  readonly detail: string;
}

export type FormParsing =
  | { readonly ok: true; readonly parts: readonly FormPart[] }
  | { readonly ok: false; readonly fault: FormFault };

/** More than any client sends. The form's own limit is lower, and names what is too much. */
const MAX_PARTS = 100;
const MAX_HEAD_BYTES = 8 * 1024;

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const DASH = 0x2d;

/** @param boundary as the Content-Type names it */
export function parseMultipart(body: Buffer, boundary: string): FormParsing {
  // The first delimiter may stand at the very beginning, without its line break.
  const opening = Buffer.from(`--${boundary}`, 'latin1');
  const delimiter = Buffer.concat([CRLF, opening]);
  let line = body.subarray(0, opening.length).equals(opening)
    ? readDelimiterLine(body, 0, opening.length)
    : findDelimiter(body, delimiter, 0);
  const parts: FormPart[] = [];
  while (line !== null && !line.isLast) {
    if (parts.length === MAX_PARTS) return refuse('too_many_parts', `must have at most ${MAX_PARTS} parts`);
    const next = findDelimiter(body, delimiter, line.end - CRLF.length);
    if (next === null) return refuse('form_breaks_off', 'must end with the closing boundary');
    const part = parsePart(body.subarray(line.end, Math.max(line.end, next.start)));
    if (!part.ok) return part;
    parts.push(part.part);
    line = next;
  }
  if (line === null) return refuse('form_breaks_off', 'must hold the boundary that its Content-Type names');
  return { ok: true, parts };
}

interface DelimiterLine {
  readonly start: number;
  /** Where the part after it begins. */
  readonly end: number;
  readonly isLast: boolean;
}

function findDelimiter(body: Buffer, delimiter: Buffer, from: number): DelimiterLine | null {
  const start = body.indexOf(delimiter, from);
  return start === -1 ? null : readDelimiterLine(body, start, start + delimiter.length);
}

/**
 * No part may hold the boundary at the beginning of a line, not even as the beginning of a longer word (RFC 2046, section
 * 5.1.1): what only begins like a delimiter makes the form unreadable.
 *
 * @param at behind the boundary
 */
function readDelimiterLine(body: Buffer, start: number, at: number): DelimiterLine | null {
  if (body[at] === DASH && body[at + 1] === DASH) return { start, end: at + 2, isLast: true };
  let end = at;
  // Spaces that a gateway may have added.
  while (body[end] === 0x20 || body[end] === 0x09) end += 1;
  if (body[end] !== 0x0d || body[end + 1] !== 0x0a) return null;
  return { start, end: end + 2, isLast: false };
}

type PartParsing =
  | { readonly ok: true; readonly part: FormPart }
  | { readonly ok: false; readonly fault: FormFault };

function parsePart(section: Buffer): PartParsing {
  // A part without any header begins with the empty line itself.
  const hasHead = !section.subarray(0, CRLF.length).equals(CRLF);
  const headEnd = hasHead ? section.indexOf(HEAD_END) : 0;
  if (headEnd === -1 || headEnd > MAX_HEAD_BYTES) {
    return refuse(
      'part_headers',
      `must end each part's headers with an empty line, within ${MAX_HEAD_BYTES} bytes`,
    );
  }
  const parsing = parsePartHead(section.subarray(0, headEnd).toString('utf8'));
  if (!parsing.ok) return parsing;
  const bytes = section.subarray(headEnd + (hasHead ? HEAD_END.length : CRLF.length));
  return { ok: true, part: { ...parsing.head, bytes } };
}

function refuse(code: string, detail: string): { readonly ok: false; readonly fault: FormFault } {
  return { ok: false, fault: { code, detail } };
}
