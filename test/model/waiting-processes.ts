import type { ReserveRequest } from '../../shared/account/limiter/limiter-command.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { computePace, type LimiterRecord, type Waiting } from './limiter-record.ts';

/** The processes that wait for a slot; `fragments/waiters.lua` says how it works. */

/** A come-back no sooner than this, so that two processes cannot keep each other busy. */
const MIN_WAIT_US = 2000;
/** One that will come later than this long before the slot is not waited for. */
const LAST_CALL_US = 20_000;
/** Entries overdue by this much are dropped. */
const FORGET_US = 1_000_000;

export type Turn =
  | { readonly mine: true; readonly waiters: readonly Waiting[] }
  | { readonly mine: false; readonly waiters: readonly Waiting[]; readonly dueUs: number };

/** Class and tag decide, and between equals, or with a process of the version before, the waiting time. */
export function goesFirst(a: Omit<Waiting, 'dueUs'>, b: Omit<Waiting, 'dueUs'>): boolean {
  if (a.class !== undefined && b.class !== undefined) {
    if (a.class !== b.class) return a.class < b.class;
    if (a.tag !== b.tag) return (a.tag ?? 0) < (b.tag ?? 0);
  }
  return a.keyUs < b.keyUs || (a.keyUs === b.keyUs && a.id < b.id);
}

/** Whether the next slot, opening at `slotUs`, is the client's. */
export function computeTurn(
  record: LimiterRecord,
  client: string,
  request: ReserveRequest,
  slotUs: number,
  settings: LimiterSettings,
  nowUs: number,
): Turn {
  const [orderClass, tag] = request.order ?? [];
  const self = {
    id: client,
    keyUs: nowUs - request.waitedUs - request.headStartUs,
    ...(orderClass === undefined ? {} : { class: orderClass }),
    ...(tag === undefined ? {} : { tag }),
  };
  const others = record.waiters.filter((other) => other.id !== client && other.dueUs + FORGET_US >= nowUs);
  const ahead = others.filter((other) => goesFirst(other, self) && other.dueUs + settings.graceUs >= nowUs);
  const lastCallUs = Math.max(nowUs, slotUs - LAST_CALL_US);
  const waitFor = ahead.some((other) => other.dueUs <= lastCallUs);
  if (!waitFor && slotUs <= nowUs + settings.horizonUs) return { mine: true, waiters: others };
  const placeUs = slotUs + ahead.length * computePace(record, settings).softUs - settings.horizonUs;
  const afterOthersUs = Math.max(0, ...ahead.map((other) => other.dueUs + 1000));
  const earliestUs = Math.max(placeUs, afterOthersUs, nowUs + MIN_WAIT_US);
  const dueUs = Math.min(earliestUs, nowUs + settings.pollUs);
  return { mine: false, waiters: [...others, { ...self, dueUs }], dueUs };
}
