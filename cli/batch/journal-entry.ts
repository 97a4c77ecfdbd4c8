import { z } from 'zod';
import { verificationId } from '../../shared/contract/verification.ts';

/**
 * A journal is a file of JSON lines that only ever grows: first who the batch is, then what became of its rows. It holds
 * no subject.
 */
export const journalHead = z.object({
  journal: z.literal('veriqueue batch'),
  version: z.literal(1),
  batch: z.string(),
  keyCheck: z.string(),
  begunAt: z.iso.datetime(),
});
export type JournalHead = z.infer<typeof journalHead>;

/** A row's answer, as the results show it. */
export const rowResult = z.object({
  id: z.string(),
  reference: z.string().nullable(),
  status: z.string(),
  verdict: z.string().nullable(),
  code: z.string().nullable(),
  sim: z.number().nullable(),
  action: z.string().nullable(),
  completedAt: z.string().nullable(),
});
export type RowResult = z.infer<typeof rowResult>;

const line = z.number().int().positive();
/** ms epoch */
const at = z.number().int().nonnegative();

/**
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
