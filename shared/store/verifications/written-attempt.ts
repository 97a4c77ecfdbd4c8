import { type DeliveryAttempt, deliveryAttempt } from '../../contract/delivery-log.ts';
import { jsonText } from '../../contract/json-text.ts';

/** An attempt as the log's list has it. The answer last: the script finds it there when it is to be dropped. */
export function writeAttempt({ answer, ...attempt }: DeliveryAttempt): string {
  return JSON.stringify({ ...attempt, answer });
}

const writtenAttempt = jsonText(deliveryAttempt);

/** Null for an entry that cannot be read. */
export function readAttempt(entry: string): DeliveryAttempt | null {
  const parsed = writtenAttempt.safeParse(entry);
  return parsed.success ? parsed.data : null;
}
