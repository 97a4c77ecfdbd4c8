import { CommandFailure } from '../command-failure.ts';
import type { RowReading } from './batch-row.ts';
import type { Journal } from './journal.ts';
import type { References } from './references.ts';

export interface SurveyDeps {
  readonly path: string;
  readonly journal: Journal;
  readonly references: References;
  readonly trustInput: boolean;
}

/**
 * Reads the whole file once before anything is sent: how many rows there are, that it can be read to its end, and that
 * the rows an earlier run has sent stand where they stood, as they were. Others may have changed: that is how users correct bad
 * rows.
 *
 * @returns the number of rows
 * @throws {CommandFailure}
 */
export async function surveyRows(
  rows: AsyncIterable<RowReading>,
  { path, journal, references, trustInput }: SurveyDeps,
): Promise<number> {
  const { book, identity } = journal;
  let count = 0;
  let found = 0;
  for await (const reading of rows) {
    count += 1;
    references.note(reading);
    if (book.stateOf(reading.line) === 'untouched') continue;
    found += 1;
    const isSame =
      reading.status === 'read' && book.isUnchanged(reading.line, identity.digestRow(reading.row));
    if (!isSame && !trustInput) throw changed(path, `others at line ${reading.line}`);
  }
  if (count === 0) throw new CommandFailure(`Cannot run the batch: ${path} must have at least one row`);
  if (found !== book.touched && !trustInput) throw changed(path, 'fewer');
  return count;
}

function changed(path: string, where: string): CommandFailure {
  return new CommandFailure(
    `Cannot resume: the rows of ${path} that were submitted must be as they were, received ${where}; put them back, or begin another batch with another --out`,
  );
}
