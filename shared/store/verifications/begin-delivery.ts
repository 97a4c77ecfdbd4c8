import type { Redis } from 'ioredis';
import { z } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import type { StoreKeys } from '../keys.ts';
import { loadGatheredScript } from '../redis/gathered-script.ts';
import { hashFromReply, type ParsedRecord, parseRecord, recordFields } from './verification-record.ts';

const beginScript = loadGatheredScript(new URL('../scripts/begin-delivery.lua', import.meta.url));

/** What delivering an event takes. */
export interface DueDelivery {
  readonly id: string;
  /** The run that has it in hand, as `recordDelivery` wants to know it. */
  readonly run: string;
  readonly clientId: string;
  /** null: the client's own. */
  readonly callbackUrl: string | null;
  /** ms epoch */
  readonly submittedAt: number;
  /** Made so far. */
  readonly attempts: number;
  /** The event's body. */
  readonly event: string;
}

export type DeliveryBeginning =
  | { readonly status: 'due'; readonly delivery: DueDelivery }
  /** It is not due, or its event is not in the record: the record as it stood before. */
  | ParsedRecord;

const replyText = z.string();

const dueFields = recordFields.pick({
  client: true,
  submittedAt: true,
  deliveryAttempts: true,
  callbackUrl: true,
});

/**
 * Marks the delivery as under way with this run, unless there is no outcome yet or it has ended.
 *
 * @param run a token of its own for each run of the job
 */
export async function beginDelivery(
  redis: Redis,
  keys: StoreKeys,
  id: string,
  run: string,
): Promise<DeliveryBeginning> {
  const reply = replyText.parse(await beginScript(redis, [keys.record(id)], [run, keys.tag, id]));
  const [form, ...lines] = reply.split('\n');
  if (form === 'record') return parseRecord(hashFromReply(JSON.parse(lines.join('\n'))));
  return parseDue(id, run, lines);
}

/** @param lines a line that is empty stands for a field that is not set */
function parseDue(id: string, run: string, lines: readonly string[]): DeliveryBeginning {
  const [client, submittedAt, deliveryAttempts, callbackUrl] = lines.map((line) => line || undefined);
  const parsed = dueFields.safeParse({ client, submittedAt, deliveryAttempts, callbackUrl });
  if (!parsed.success) return { status: 'unreadable', fields: namesOfFields(parsed.error) };
  const row = parsed.data;
  const delivery = {
    id,
    run,
    clientId: row.client,
    callbackUrl: row.callbackUrl,
    submittedAt: row.submittedAt,
    attempts: row.deliveryAttempts,
    event: lines[4] ?? '',
  };
  return { status: 'due', delivery };
}
