import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import { type AuditLine, auditLine } from './audit-entry.ts';
import { type AuditHead, type AuditStart, auditHead, auditStart } from './audit-page.ts';

const FORMAT = 'veriqueue-audit/1';

const first = jsonText(z.object({ format: z.literal(FORMAT), lane: z.string(), start: auditStart }));
const last = jsonText(z.object({ head: auditHead }));
const line = jsonText(auditLine);

/** An export: one JSON text a line. */
export const writeFirst = (lane: string, start: AuditStart): string =>
  JSON.stringify({ format: FORMAT, lane, start });
export const writeLast = (head: AuditHead): string => JSON.stringify({ head });

export interface AuditExport {
  readonly lane: string;
  readonly start: AuditStart;
  readonly lines: readonly (AuditLine | null)[];
  /** Null when the end of the file is missing. */
  readonly head: AuditHead | null;
}

/**
 * Reads an export line by line: of its text, no more than two lines are held.
 *
 * @returns null for a text that does not begin as an export
 */
export async function readExport(texts: AsyncIterable<string>): Promise<AuditExport | null> {
  let opening: z.output<typeof first> | null = null;
  const lines: (AuditLine | null)[] = [];
  // The last one may be the end of the file, and no entry.
  let latest: string | null = null;
  for await (const text of texts) {
    if (text.trim() === '') continue;
    if (opening === null) {
      const read = first.safeParse(text);
      if (!read.success) return null;
      opening = read.data;
      continue;
    }
    if (latest !== null) lines.push(readLine(latest));
    latest = text;
  }
  if (opening === null) return null;
  const end = last.safeParse(latest);
  if (latest !== null && !end.success) lines.push(readLine(latest));
  return { lane: opening.lane, start: opening.start, lines, head: end.success ? end.data.head : null };
}

/** Null for what is no line, and for one that says more than what is verified of it: a member twice, or one that parsers leave out. */
function readLine(text: string): AuditLine | null {
  const read = line.safeParse(text);
  return read.success && countMembers(read.data) === countColons(text) ? read.data : null;
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + 1 + countMembers(each), 0);
}

/** Of a text that is JSON: one stands before the value of each member. */
const countColons = (text: string): number => text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').split(':').length - 1;
