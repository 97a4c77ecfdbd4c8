import { access, open, rename } from 'node:fs/promises';
import type { Verification } from '../../shared/contract/verification.ts';
import { CommandFailure } from '../command-failure.ts';
import { createAppender } from './appender.ts';
import { formatCsvRow } from './csv-text.ts';
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

/** What is known of a verification without an answer. */
export function resultWithout(answer: Pick<RowResult, 'id' | 'reference' | 'status'>): RowResult {
  return { ...answer, verdict: null, code: null, sim: null, action: null, completedAt: null };
}

export function resultOf({ id, reference, status, outcome }: Verification): RowResult {
  if (outcome === null) return resultWithout({ id, reference, status });
  const { verdict, code, sim, action, completedAt } = outcome;
  return { id, reference, status, verdict, code, sim, action, completedAt };
}

/** @throws {CommandFailure} rather than replace a file that this batch has not written */
export async function assertOwnResults(path: string, isResumed: boolean): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isResumed || !isThere) return;
  throw new CommandFailure(
    `Cannot write the results: ${path} exists already, without the journal of a batch; give another --out, or move it`,
  );
}

/**
 * Opens the results. Each run writes them again, because the journal alone can be neither torn nor edited, and then appends.
 *
 * @param known from the journal, in the order of its entries
 */
export async function openResults(
  path: string,
  known: AsyncIterable<readonly [line: number, result: RowResult]>,
  now: () => number,
): Promise<Results> {
  const draft = `${path}.new`;
  const { append, close } = createAppender(await open(draft, 'w', 0o600), now);
  const add = (line: number, result: RowResult) =>
    append(formatCsvRow(HEADINGS.map((name) => (name === 'line' ? line : result[name]))));
  try {
    await append(formatCsvRow(HEADINGS));
    for await (const [line, result] of known) await add(line, result);
    await rename(draft, path);
  } catch (error) {
    await close();
    throw error;
  }
  return { add, close };
}
