/** Keeps one event, once: the repetition check and the result are one transaction. */
import { z } from 'zod';
import type { Database, Queryable } from './database.ts';

export const schema = `
CREATE TABLE IF NOT EXISTS received_events (
  webhook_id  text PRIMARY KEY,
  type        text NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS verification_results (
  verification_id text PRIMARY KEY,
  reference       text,
  status          text NOT NULL,
  verdict         text NOT NULL,
  code            text NOT NULL,
  sim             double precision,
  completed_at    timestamptz NOT NULL
);`;

const Event = z.object({ type: z.string() });

/** Unknown fields are ignored, so that new ones do not break this receiver. */
const FinalResult = z.object({
  id: z.string(),
  status: z.string(),
  reference: z.string().nullable(),
  outcome: z.object({
    verdict: z.enum(['match', 'no_match', 'unverifiable', 'error']),
    code: z.string(),
    sim: z.number().nullable(),
    completedAt: z.iso.datetime(),
  }),
});

const finalTypes: readonly string[] = ['verification.completed', 'verification.failed'];

/**
 * @param webhookId the `webhook-id` header: the same however often the event is delivered
 * @param event the verified body, parsed
 * @returns `repeated` when the event had been stored before; nothing is changed then
 */
export async function storeEvent(
  database: Database,
  webhookId: string,
  event: unknown,
): Promise<'stored' | 'repeated'> {
  const { type } = Event.parse(event);
  return database.transaction(async (transaction) => {
    // Of two deliveries at the same moment the second waits here until the first commits, and then finds the row.
    const { rows } = await transaction.query(
      'INSERT INTO received_events (webhook_id, type) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING webhook_id',
      [webhookId, type],
    );
    if (rows.length === 0) return 'repeated';
    // Types this receiver does not know yet are noted and acknowledged, or they would be sent for days.
    if (finalTypes.includes(type)) await insertResult(transaction, event);
    return 'stored';
  });
}

async function insertResult(transaction: Queryable, event: unknown): Promise<void> {
  const { id, status, reference, outcome } = z.object({ data: FinalResult }).parse(event).data;
  await transaction.query(
    `INSERT INTO verification_results (verification_id, reference, status, verdict, code, sim, completed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, reference, status, outcome.verdict, outcome.code, outcome.sim, outcome.completedAt],
  );
}
