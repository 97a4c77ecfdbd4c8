import { rm } from 'node:fs/promises';
import { presentReference, type RowFault, type RowReading } from './batch-row.ts';
import { type CsvFile, createCsvFile } from './csv-file.ts';

/** The list of rows that cannot be submitted: where they stand and why, and nothing of the person in them. */
export interface BadRows {
  readonly count: number;
  add(reading: RowReading, faults: readonly RowFault[]): Promise<void>;
  close(): Promise<void>;
}

const HEADINGS = ['line', 'reference', 'field', 'code', 'detail'];

/** Every run validates the rows again and so begins the list again. There is no file while there is no such row. */
export async function openBadRows(path: string, now: () => number): Promise<BadRows> {
  await rm(path, { force: true });
  let file: Promise<CsvFile> | undefined;
  let count = 0;
  return {
    get count() {
      return count;
    },
    add: async (reading, faults) => {
      count += 1;
      file ??= createCsvFile(path, HEADINGS, now);
      const reference = reading.status === 'bad' ? reading.reference : presentReference(reading.row);
      const rows = faults.map(({ field, code, detail }) => [reading.line, reference, field, code, detail]);
      await (await file).add(...rows);
    },
    close: async () => (await file)?.close(),
  };
}
