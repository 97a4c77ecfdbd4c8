import { hash } from 'node:crypto';
import { type RowFault, type RowReading, referenceOf } from './batch-row.ts';

/** Finds rows that share a reference: usually one row was copied, and one person would be paid for twice. */
export interface References {
  /** Takes notice of a row, while all of them are read for the first time. */
  note(reading: RowReading): void;
  /** Null for the first row with its reference, and for rows without one. Rows come in their order. */
  findDuplicate(reading: RowReading): RowFault | null;
}

export const anyReferences: References = { note: () => undefined, findDuplicate: () => null };

/**
 * Remembers eight bytes of each reference, sorts them, and knows those that occur twice. A `Map` of a million was rejected: it
 * takes 77 to 114 MB. Two different references of a million meet once in 18,000 batches.
 */
export function createReferences(): References {
  const digests: number[] = [];
  let firstLines: Map<number, number | null> | undefined;
  return {
    note: (reading) => {
      const reference = referenceOf(reading);
      if (reference !== undefined) digests.push(digestOf(reference));
    },
    findDuplicate: (reading) => {
      firstLines ??= new Map(listRepeated(digests).map((digest) => [digest, null]));
      const { line } = reading;
      const reference = referenceOf(reading);
      const digest = reference === undefined || firstLines.size === 0 ? 0 : digestOf(reference);
      if (!firstLines.has(digest)) return null;
      const first = firstLines.get(digest) ?? line;
      firstLines.set(digest, first);
      const detail = `must be another than in line ${first}`;
      return first === line ? null : { field: 'reference', code: 'duplicate_reference', detail };
    },
  };
}

function listRepeated(digests: number[]): readonly number[] {
  const sorted = Float64Array.from(digests.splice(0)).sort();
  return [...sorted.filter((digest, i) => digest === sorted[i - 1])];
}

/** 53 bits, the most a number holds, and never 0. */
function digestOf(text: string): number {
  return Number(hash('sha1', text, 'buffer').readBigUInt64BE() >> 11n) || 1;
}
