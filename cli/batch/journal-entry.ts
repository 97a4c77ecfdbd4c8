import { z } from 'zod';
import { verificationId } from '../../shared/contract/verification.ts';
import { rowResult } from './results.ts';

/** The first line of a journal: who the batch is. */
export const journalHead = z.object({
  journal: z.literal('veriqueue batch'),
  version: z.literal(1),
  batch: z.string(),
  keyCheck: z.string(),
  begunAt: z.iso.datetime(),
});
export type JournalHead = z.infer<typeof journalHead>;

const line = z.number().int().positive();
/** ms epoch */
const at = z.number().int().nonnegative();

/**
 * What became of a row, one line each. It holds no subject.
 *
 * - `trying`: written before the row is first sent. Without it, a row that was accepted in the moment of a crash could not
 *   be distinguished from one that never left.
 * - `refused`: the server has nothing of it.
 * - `accepted`: it has an id, and is never sent again.
 * - `final`: its answer is known.
 */
export const journalEntry = z.union([
  z.tuple([z.literal('trying'), line, z.string(), at]),
  z.tuple([z.literal('refused'), line]),
  z.tuple([z.literal('accepted'), line, verificationId, at, z.string().nullable()]),
  z.tuple([z.literal('final'), line, rowResult]),
]);
export type JournalEntry = z.infer<typeof journalEntry>;
