import { z } from 'zod';
import { jsonText } from '../contract/json-text.ts';
import type { VerifyingKeys } from '../signing/jwks.ts';
import { type AuditPlace, auditPlace, readStatement } from './audit-head.ts';

/** It begins where a word does: otherwise a long word is looked through from each of its letters. */
const JWS = /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const logged = jsonText(z.object({ event: z.literal('audit_head'), ...auditPlace.shape, lane: z.string() }));

export interface FoundHeads {
  readonly heads: readonly AuditPlace[];
  /** Why others were not taken. */
  readonly refused: readonly string[];
}

/**
 * Heads in a text that was kept elsewhere: signed ones, wherever they stand in it, and lines `audit_head` of a log. So the log of
 * a deployment can be given as it is.
 *
 * @param keys null: what a line of a log says is taken as it is
 */
export async function findHeads(
  lines: AsyncIterable<string>,
  lane: string,
  keys: VerifyingKeys | null,
): Promise<FoundHeads> {
  const heads: AuditPlace[] = [];
  const refused: string[] = [];
  for await (const line of lines) {
    if (keys === null) {
      const read = logged.safeParse(line);
      if (read.success && read.data.lane === lane) heads.push(read.data);
      continue;
    }
    for (const [token] of line.matchAll(JWS)) {
      const reading = readStatement(keys, 'head', token);
      if (reading.status === 'refused') refused.push(`${token.slice(0, 24)}… ${reading.reason}`);
      else if (reading.stated.lane !== lane) refused.push(`a head of the lane ${reading.stated.lane}`);
      else heads.push(reading.stated);
    }
  }
  return { heads, refused };
}
