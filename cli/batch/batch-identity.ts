import { createHmac, hkdfSync } from 'node:crypto';
import { listDigestParts, ROW_DIGEST } from '../../shared/contract/digest-parts.ts';
import type { SubmissionField } from '../../shared/contract/submission-fields.ts';
import type { BatchRow } from './batch-row.ts';

/** What makes one batch this batch and no other, over all its runs. */
export interface BatchIdentity {
  /** Shows whether a journal was begun with the API key at hand, and nothing else about it. */
  readonly keyCheck: string;
  /**
   * 8 bytes that change when the row does. Keyed with the API key, which is not in the journal: there are few enough ID
   * numbers to try them all against a plain hash.
   */
  digestRow(row: BatchRow): Buffer;
  /** By the line alone: another person in the same line is refused by the server, and not taken for a new row. */
  idempotencyKeyOf(line: number): string;
}

export const DIGEST_BYTES = 8;

/** @param id random; it stands in the journal */
export function openIdentity(id: string, apiKey: string): BatchIdentity {
  const secret = Buffer.from(hkdfSync('sha256', apiKey, id, 'veriqueue/batch/1', 32));
  const mac = (text: string) => createHmac('sha256', secret).update(text).digest();
  return {
    keyCheck: mac('key check').toString('base64url'),
    digestRow: (row) =>
      mac(JSON.stringify(listDigestParts<SubmissionField, string>(ROW_DIGEST, row))).subarray(
        0,
        DIGEST_BYTES,
      ),
    idempotencyKeyOf: (line) => `batch/${id}/${line}`,
  };
}
