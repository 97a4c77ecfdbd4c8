import { open } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import { createAppender } from './appender.ts';

type CsvRow = readonly (string | number | null)[];

/**
 * Rows of CSV. What a spreadsheet would run as a formula is quoted with an apostrophe: a reference comes from
 * an order form that one stranger fills in, and ends on the desktop of another.
 */
export function formatCsv(rows: readonly CsvRow[]): string {
  return stringify([...rows], { escape_formulas: true });
}

export interface CsvFile {
  /** Resolves when the rows are written. */
  add(...rows: CsvRow[]): Promise<void>;
  close(): Promise<void>;
}

/** Begins a file for its owner alone, in place of an existing one. */
export async function createCsvFile(
  path: string,
  headings: readonly string[],
  now: () => number,
): Promise<CsvFile> {
  const { append, close } = createAppender(await open(path, 'w', 0o600), now);
  await append(formatCsv([headings]));
  return { add: (...rows) => append(formatCsv(rows)), close };
}
