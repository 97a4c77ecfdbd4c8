import { type ListCursor, listEntries, readRecords } from '../../shared/store/verifications/read.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import type { FindDeps } from './find-verifications.ts';

export interface Scan<T> {
  /** Sorted set by time, of ids of verifications. */
  readonly index: string;
  readonly after: ListCursor | null;
  /** ms epoch: from then on, and before. */
  readonly from?: number | undefined;
  readonly before?: number | undefined;
  /** Enough of them have been found. */
  readonly limit: number;
  /** So many entries are compared at most: what is beyond is the next request's. */
  readonly most: number;
  /** What is shown of one; null when it does not fit. */
  readonly present: (record: VerificationRecord, entry: ListCursor) => Promise<T | null>;
}

export interface ScanResult<T> {
  readonly found: T[];
  /** Where to go on; null when all have been compared. */
  readonly next: ListCursor | null;
  readonly compared: number;
}

/** Read at once: others' commands come in between. */
const CHUNK = 100;

/** Looks through an index, newest first, with bounded work. What is gone meanwhile, or cannot be read, is left out. */
export async function scanIndex<T>(deps: FindDeps, scan: Scan<T>): Promise<ScanResult<T>> {
  const found: T[] = [];
  let compared = 0;
  for await (const { entry, record, isLast } of walk(deps, scan)) {
    compared += 1;
    const shown = record && (await scan.present(record, entry));
    if (shown !== null) found.push(shown);
    if (found.length >= scan.limit || compared >= scan.most) {
      return { found, next: isLast ? null : entry, compared };
    }
  }
  return { found, next: null, compared };
}

interface Step {
  readonly entry: ListCursor;
  readonly record: VerificationRecord | null;
  readonly isLast: boolean;
}

async function* walk({ redis, keys }: FindDeps, scan: Scan<unknown>): AsyncGenerator<Step> {
  const { from, before } = scan;
  const chunk = Math.min(CHUNK, scan.most);
  let after = scan.after;
  do {
    const page = await listEntries(redis, scan.index, {
      limit: chunk,
      after: after ?? undefined,
      from,
      before,
    });
    const ids = page.entries.map(({ id }) => id);
    const readings = await readRecords(redis, keys, ids);
    for (const [i, entry] of page.entries.entries()) {
      const reading = readings[i];
      const record = reading?.status === 'found' ? reading.record : null;
      yield { entry, record, isLast: page.next === null && i + 1 === page.entries.length };
    }
    after = page.next;
  } while (after !== null);
}
