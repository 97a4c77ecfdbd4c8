import { open, rename, stat } from 'node:fs/promises';
import type { Verification } from '../../shared/contract/verification.ts';
import { CommandFailure } from '../command-failure.ts';
import { AppendedFile } from './appended-file.ts';
import { formatCsvRow } from './csv-text.ts';
import type { Journal } from './journal.ts';
import type { RowResult } from './journal-entry.ts';

const HEADINGS = [
  'line',
  'reference',
  'id',
  'status',
  'verdict',
  'code',
  'sim',
  'action',
  'completedAt',
] as const satisfies readonly ('line' | keyof RowResult)[];

/** One row for each row of the batch, as soon as there is something to say about it. */
export interface Results {
  add(line: number, result: RowResult): Promise<void>;
  close(): Promise<void>;
}

export function resultOf({ id, reference, status, outcome }: Verification): RowResult {
  const { verdict = null, code = null, sim = null, action = null, completedAt = null } = outcome ?? {};
  return { id, reference, status, verdict, code, sim, action, completedAt };
}

/**
 * Opens the results: written anew from the journal, which is the one that cannot be torn or edited, and then appended to.
 * While verdicts are waited for, a row is added with its verdict; otherwise when it is accepted.
 *
 * @throws {CommandFailure} rather than replace a file of somebody's
 */
export async function openResults(
  path: string,
  journal: Journal,
  { awaitsVerdicts, now }: { readonly awaitsVerdicts: boolean; readonly now: () => number },
): Promise<Results> {
  if (!journal.isResumed && (await exists(path))) {
    throw new CommandFailure(
      `Cannot write the results: ${path} is there already, without the journal of a batch; give another --out, or move it`,
    );
  }
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  const appended = new AppendedFile(file, now);
  const add = (line: number, result: RowResult) =>
    appended.append(formatCsvRow(HEADINGS.map((name) => (name === 'line' ? line : result[name]))));
  try {
    await appended.append(formatCsvRow(HEADINGS));
    for await (const entry of journal.entries()) {
      const result = resultToShow(entry, journal, awaitsVerdicts);
      if (result !== null) await add(entry[1], result);
    }
    await rename(draft, path);
  } catch (error) {
    await appended.close();
    throw error;
  }
  return { add, close: () => appended.close() };
}

/** Of a row that was accepted and answered, the answer. */
function resultToShow(
  entry: Parameters<Journal['note']>[0],
  { book }: Journal,
  awaitsVerdicts: boolean,
): RowResult | null {
  if (entry[0] === 'final') return entry[2];
  if (entry[0] !== 'accepted' || awaitsVerdicts || book.stateOf(entry[1]) === 'final') return null;
  const unanswered = { verdict: null, code: null, sim: null, action: null, completedAt: null };
  return { id: entry[2], reference: entry[4], status: 'queued', ...unanswered };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
