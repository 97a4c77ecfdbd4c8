import { access, rename } from 'node:fs/promises';
import { z } from 'zod';
import type { Outcome } from '../../shared/contract/verification.ts';
import { CommandFailure } from '../command-failure.ts';
import { createCsvFile } from './csv-file.ts';

/** A row's answer, as the results and the journal show it; the order is that of the columns. */
export const rowResult = z.object({
  reference: z.string().nullable(),
  id: z.string(),
  status: z.string(),
  verdict: z.string().nullable(),
  code: z.string().nullable(),
  sim: z.number().nullable(),
  action: z.string().nullable(),
  completedAt: z.string().nullable(),
});
export type RowResult = z.infer<typeof rowResult>;

const FIELDS = rowResult.keyof().options;

const NO_OUTCOME = { verdict: null, code: null, sim: null, action: null, completedAt: null };

export function resultOf({
  reference,
  id,
  status,
  outcome,
}: Pick<RowResult, 'reference' | 'id' | 'status'> & { readonly outcome: Outcome | null }): RowResult {
  const { verdict, code, sim, action, completedAt } = outcome ?? NO_OUTCOME;
  return { reference, id, status, verdict, code, sim, action, completedAt };
}

/** One row for each row of the batch, as soon as there is something to say about it. */
export interface Results {
  add(line: number, result: RowResult): Promise<void>;
  close(): Promise<void>;
}

/** @throws {CommandFailure} rather than replace a file that this batch has not written */
export async function assertOwnResults(path: string, isResumed: boolean): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isResumed || !isThere) return;
  throw new CommandFailure(
    `${path} exists already and has no journal of a batch beside it. Give another --out, or move it`,
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
  const file = await createCsvFile(draft, ['line', ...FIELDS], now);
  const add = (line: number, result: RowResult) => file.add([line, ...FIELDS.map((field) => result[field])]);
  try {
    for await (const [line, result] of known) await add(line, result);
    await rename(draft, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { add, close: file.close };
}
