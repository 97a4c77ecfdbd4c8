import { open, rm } from 'node:fs/promises';
import { type Appender, createAppender } from './appender.ts';
import type { RowFault } from './batch-row.ts';
import { formatCsvRow } from './csv-text.ts';

/** The list of rows that cannot be submitted: where they stand and why, and nothing of the person in them. */
export interface BadRows {
  readonly count: number;
  add(line: number, reference: string | null, faults: readonly RowFault[]): Promise<void>;
  close(): Promise<void>;
}

/** Every run validates the rows again and so begins the list again. There is no file while there is no such row. */
export async function openBadRows(path: string, now: () => number): Promise<BadRows> {
  await rm(path, { force: true });
  let file: Promise<Appender> | undefined;
  let count = 0;
  const begin = async () => {
    const begun = createAppender(await open(path, 'w', 0o600), now);
    await begun.append(formatCsvRow(['line', 'reference', 'field', 'code', 'detail']));
    return begun;
  };
  return {
    get count() {
      return count;
    },
    add: async (line, reference, faults) => {
      count += 1;
      file ??= begin();
      const rows = faults.map(({ field, code, detail }) =>
        formatCsvRow([line, reference, field, code, detail]),
      );
      await (await file).append(rows.join(''));
    },
    close: async () => (await file)?.close(),
  };
}
