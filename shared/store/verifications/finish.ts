import type { Outcome } from '../../contract/verification.ts';
import type { AnsweredStatus } from '../../contract/verification-status.ts';
import { loadScript } from '../redis/script.ts';
import { CRASH_CODE } from './claim.ts';
import { callArguments, type NotedCall } from './noted-call.ts';
import {
  hashFromReply,
  parseRecord,
  REVISION_FIELDS,
  revisionFor,
  type VerificationRecord,
} from './verification-record.ts';
import type { VerificationStore } from './verification-store.ts';

const finishScript = loadScript(new URL('../scripts/finish.lua', import.meta.url));

export interface Finishing {
  readonly id: string;
  readonly clientId: string;
  /** The record that outcome and event were made of. Without it they are written whatever the record is by now. */
  readonly seen?: VerificationRecord;
  readonly status: AnsweredStatus;
  /**
   * The outcome; one that stands, set right, when `seen` had one; null: it is not this caller's to decide, or a receiver
   * may know it, and the call is noted alone.
   */
  readonly outcome: Outcome | null;
  /** The call that brought the outcome; null when there was none (quarantine, expiry). */
  readonly call: NotedCall | null;
  /** The event's body. Without it, it is made from the record by the first delivery. */
  readonly event?: string;
  /** `yyyy-mm-dd` for the ledger */
  readonly day: string;
}

export type Finished =
  /** The outcome is written, also when it was before. */
  | { readonly status: 'finished' }
  /** Another attempt's outcome stands. The call is noted. */
  | { readonly status: 'already_finished' }
  /** As the two before: the call is noted, and there is no outcome of this caller's. */
  | { readonly status: 'cancelled' | 'not_ours' }
  | { readonly status: 'missing' }
  /** Nothing was written: the record has come to something else since it was seen. */
  | { readonly status: 'stale'; readonly record: VerificationRecord };

/**
 * Writes the outcome down before anything else happens with it, shreds the subject and ends the claim, in one step.
 * Doing it again changes nothing.
 *
 * @throws {Error} when the record has come to something that cannot be read
 */
export async function finishVerification(
  { redis, keys }: VerificationStore,
  { id, clientId, seen, status, outcome, call, event, day }: Finishing,
): Promise<Finished> {
  const reply = (await finishScript(
    redis,
    [keys.record(id), keys.subject(id), keys.inFlight(), keys.photosStored(), keys.unfinishedIndex()],
    [
      ...callArguments(keys, call),
      id,
      seen ? revisionFor(seen, call?.id ?? '') : '',
      status,
      outcome ? JSON.stringify(outcome) : '',
      event ?? '',
      clientId,
      CRASH_CODE,
      day,
      outcome === null ? 'note' : seen?.outcome ? 'correct' : 'finish',
      ...REVISION_FIELDS,
    ],
  )) as [Finished['status'], ...string[]];
  const [result, ...fields] = reply;
  if (result !== 'stale') return { status: result };
  const parsed = parseRecord(hashFromReply(fields));
  if (parsed.status === 'found') return { status: 'stale', record: parsed.record };
  throw new Error(`The record of ${id} cannot be read: ${parsed.status}`);
}
