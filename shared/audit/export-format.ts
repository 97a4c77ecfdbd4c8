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

/** @returns null for a text that does not begin as an export */
export function parseExport(text: string): AuditExport | null {
  const [begin = '', ...others] = text.split('\n').filter((each) => each.trim() !== '');
  const opening = first.safeParse(begin);
  if (!opening.success) return null;
  const end = last.safeParse(others.at(-1));
  const entries = end.success ? others.slice(0, -1) : others;
  return {
    lane: opening.data.lane,
    start: opening.data.start,
    lines: entries.map((each) => {
      const read = line.safeParse(each);
      return read.success ? read.data : null;
    }),
    head: end.success ? end.data.head : null,
  };
}
