import { plural } from '../contract/plural.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { FIRST_LINK } from './audit-entry.ts';
import { type AuditPlace, readStatement } from './audit-head.ts';
import type { AuditExport } from './export-format.ts';
import { type Finding, verifyTrail } from './verify-trail.ts';

export interface JudgedTrail {
  readonly lane: string;
  readonly entries: number;
  /** The first number and the last. */
  readonly first: number;
  readonly last: number;
  /** Heads that it was compared with, its own included. */
  readonly heads: number;
  readonly findings: readonly Finding[];
  /** What kept something from being looked at. */
  readonly remarks: readonly string[];
}

export interface JudgeOptions {
  /** null: hashes alone are compared. */
  readonly keys: VerifyingKeys | null;
  /** Heads that were kept elsewhere. */
  readonly heads: readonly AuditPlace[];
  readonly unsignedThrough: number;
}

/** Whether an export is the trail that was written. It needs nothing but the export, the public keys, and heads kept elsewhere. */
export function judgeExport(exported: AuditExport, options: JudgeOptions): JudgedTrail {
  const { keys, heads, unsignedThrough } = options;
  const ofStart: Finding[] = [];
  const remarks: string[] = [];
  const start = checkStart(exported, keys, ofStart);
  const own = checkHead(exported, keys, remarks);
  const anchors = [...heads, ...(own === null ? [] : [own])];
  const ofTrail = verifyTrail({ lines: exported.lines, start, anchors, keys, unsignedThrough });
  if (heads.length === 0) {
    remarks.push('no head kept elsewhere was given: entries missing at the end would not show');
  }
  if (keys === null) remarks.push('no keys were given: a chain that was made again would not show');
  const numbers = exported.lines.flatMap((line) => (line === null ? [] : [line.entry.number]));
  return {
    lane: exported.lane,
    entries: exported.lines.length,
    first: numbers[0] ?? start.number,
    last: numbers.at(-1) ?? start.number,
    heads: anchors.length,
    findings: [...ofStart, ...ofTrail],
    remarks,
  };
}

/** Without a checkpoint that is signed, nothing shows that what is missing at the beginning was old. */
function checkStart(
  { lane, start }: AuditExport,
  keys: VerifyingKeys | null,
  findings: Finding[],
): AuditPlace {
  if (start.number === 0) return { number: 0, hash: FIRST_LINK };
  if (keys === null) return start;
  const reading =
    start.checkpoint === null
      ? ({ status: 'refused', reason: 'is unsigned' } as const)
      : readStatement(keys, 'checkpoint', start.checkpoint);
  if (reading.status === 'verified' && reading.stated.lane === lane) return reading.stated;
  const reason = reading.status === 'refused' ? reading.reason : `is of the lane ${reading.stated.lane}`;
  const text = `the checkpoint behind entry ${start.number} ${reason}`;
  findings.push({ kind: 'unsigned', number: start.number, through: start.number, text });
  return start;
}

function checkHead(
  { lane, head }: AuditExport,
  keys: VerifyingKeys | null,
  remarks: string[],
): AuditPlace | null {
  if (head === null) {
    remarks.push('the end of the file is missing: entries may be');
    return null;
  }
  if (head.waiting > 0)
    remarks.push(`${plural(head.waiting, 'event is', 'events are')} not in the chain yet`);
  if (keys === null || head.signed === null) return head;
  const reading = readStatement(keys, 'head', head.signed);
  if (reading.status === 'verified' && reading.stated.lane === lane) return reading.stated;
  remarks.push(
    `the head of the file ${reading.status === 'refused' ? reading.reason : `is of the lane ${reading.stated.lane}`}`,
  );
  return null;
}
