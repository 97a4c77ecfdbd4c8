import type { Redis } from 'ioredis';
import { z } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import type { LaneKeys } from '../keys.ts';
import { defineGatheredScript } from '../redis/gathered-script.ts';
import { hashFromReply, type ParsedRecord, parseRecord, recordFields } from './verification-record.ts';

// One round trip for what every delivery needs first. It writes, so a full Redis refuses it: an event that could not be
// noted as delivered is not posted, again and again, for as long as that lasts.
//
// Where the event was written with the outcome, the rest of the record is not even looked at. Either way the answer is one
// text: a reply of many costs the worker as much as the rest of the round trip. No field before the event has line ends.
const beginDeliveryScript = defineGatheredScript({
  name: 'beginDelivery',
  keys: 1,
  args: 1,
  lua: `
local record, run = KEYS[1], ARGV[1]
local due = redis.call('HMGET', record,
  'event', 'deliveryStatus', 'deliveryNextAt', 'client', 'submittedAt', 'deliveryAttempts', 'callbackUrl')
local isOpen = due[2] ~= 'delivered' and due[2] ~= 'dead'
local function begin()
  redis.call('HSET', record, 'deliveryStatus', 'delivering', 'deliveryRun', run)
  if due[3] then redis.call('HDEL', record, 'deliveryNextAt') end
end
if due[1] and isOpen then
  begin()
  return table.concat({'event', due[4] or '', due[5] or '', due[6] or '', due[7] or '', due[1]}, '\\n')
end
local fields = redis.call('HGETALL', record)
if #fields == 0 then return 'record\\n[]' end
if isOpen and redis.call('HEXISTS', record, 'outcome') == 1 then begin() end
return 'record\\n' .. cjson.encode(fields)
`,
});

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
  keys: LaneKeys,
  id: string,
  run: string,
): Promise<DeliveryBeginning> {
  const reply = replyText.parse(await beginDeliveryScript(redis, [keys.record(id)], [run]));
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
    callbackUrl: row.callbackUrl ?? null,
    submittedAt: row.submittedAt,
    attempts: row.deliveryAttempts,
    event: lines[4] ?? '',
  };
  return { status: 'due', delivery };
}
