import type { Priority } from '../../contract/verification.ts';
import type { StoreKeys } from '../keys.ts';
import type { Transaction } from '../redis/redis-client.ts';
import { type LoadedScripts, loadScript } from '../redis/script.ts';
import { orderClassOf } from '../shares/order-class.ts';
import type { DelayTotals, PromisedTime } from './promised-time.ts';
import type { RecordedPromise } from './verification-record.ts';

/** What a client can be promised now, before it is known how many turns of its own come first. */
export interface PromiseOffer {
  /** ms, for what does not depend on the client's own line. */
  readonly baseMs: number;
  /** ms for each turn of the client up to the promised one, this one included. */
  readonly perTurnMs: number;
  /** How the client's tags grow from turn to turn: `shares.unit`. */
  readonly unit: number;
  /**
   * Where what may come before the client's very next turn is known call by call: ms for each of them, and beforehand. Null
   * where others may come in between.
   */
  readonly byCalls: { readonly perCallMs: number; readonly beforeMs: number } | null;
  readonly since: DelayTotals;
  /** Where a file names the accounts: those that it rests on. */
  readonly accounts?: readonly string[] | undefined;
}

const promiseScript = loadScript(new URL('../scripts/promise.lua', import.meta.url));

interface PromisedVerification {
  readonly id: string;
  readonly clientId: string;
  readonly priority: Priority;
  /** ms epoch */
  readonly submittedAt: number;
}

/** Queues the promise into the transaction that accepts a verification, behind the acceptance. */
export function queuePromise(
  transaction: Transaction,
  keys: StoreKeys,
  { id, clientId, priority, submittedAt }: PromisedVerification,
  offer: PromiseOffer,
  loaded?: LoadedScripts,
): void {
  const { baseMs, perTurnMs, unit, byCalls } = offer;
  const queue = keys.verificationQueue;
  const orderClass = orderClassOf(priority);
  promiseScript.appendTo(
    transaction,
    [
      keys.record(id),
      keys.shareLine(orderClass, clientId),
      keys.queueKey(queue, 'prioritized'),
      keys.queueKey(queue, 'wait'),
      keys.queueKey(queue, 'active'),
      keys.queueKey(queue, 'delayed'),
    ],
    [
      id,
      clientId,
      keys.tag,
      orderClass,
      submittedAt,
      baseMs,
      perTurnMs,
      unit,
      byCalls?.perCallMs ?? '',
      byCalls?.beforeMs ?? 0,
      writeSince(offer),
    ],
    loaded,
  );
}

/** What the record keeps of an offer. */
const writeSince = (offer: PromiseOffer): string => JSON.stringify(keepOf(offer));

function keepOf({ since, perTurnMs, accounts }: PromiseOffer): Omit<PromisedTime, 'by'> {
  return { since, perTurnMs, ...(accounts === undefined ? {} : { accounts }) };
}

/**
 * The fields that a promise has written.
 *
 * @param reply to the script that {@link queuePromise} queued: the time; 0 where nothing was accepted
 */
export function promiseFields(offer: PromiseOffer, reply: unknown): Readonly<Record<string, string>> {
  if (typeof reply !== 'number' || reply <= 0) return {};
  return { completesBy: String(reply), promiseSince: writeSince(offer) };
}

/** The same, as the record shows it. */
export function promisedTime(offer: PromiseOffer, reply: unknown): RecordedPromise | null {
  if (typeof reply !== 'number' || reply <= 0) return null;
  return { by: reply, ...keepOf(offer), isWaived: false, extended: null };
}
