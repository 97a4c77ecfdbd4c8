import { SortedIds } from './sorted-ids.ts';

/**
 * The order of what waits, as `shared/store/scripts/fragments/shares.lua` and `grant-turn.lua` keep it in Redis: function by
 * function under the same names. A test holds the two together; the properties are shown on this one, in virtual time.
 */

export const SPAN = 2 ** 32;
export const PARKED = 2 ** 31;
export const TURNS = 8;
export const ASIDE = 5;
const BEHIND_NEWCOMERS = 1 / 4_096;
const LANDED_AT_ONCE = 4;
/** What comes first in a client's line: what went back unasked, what was asked before, what is new. */
export const BACK = 0;
export const RETRY = 1;
export const FRESH = 2;
/** By so much more, one is behind another of its kind whose id is greater. */
const LATER = 2 ** -30;
export type LineKind = typeof BACK | typeof RETRY | typeof FRESH;
export type OrderClass = 2 | 4;

export interface ModelVerification {
  readonly id: string;
  readonly client: string;
  readonly class: OrderClass;
  /** Own tag and place among the waiters, while it is claimed; with what was taken off the tags before added. */
  shareTag?: number | undefined;
  turn?: { readonly class: OrderClass; readonly tag: number } | undefined;
  ahead?: number | undefined;
  /** A request has left in this claim, and nothing of it is noted yet. */
  isMarked?: boolean;
  wasAsked?: boolean;
}

/** Mistakes that the property tests must notice. */
export interface PlantedFaults {
  /** The virtual time is the tag at the head of what waits, instead of the last call's that got a slot. */
  readonly timeFromHead?: boolean;
  /** The virtual time passes what is claimed and has not been asked about. */
  readonly timeLeaps?: boolean;
  /** A call after the first of a verification takes no turn. */
  readonly retriesUncharged?: boolean;
}

interface ClassState {
  v: number | undefined;
  base: number;
  weights: Map<string, number>;
  weightSum: number;
  next: Map<string, number>;
  lines: Map<string, SortedIds>;
}

export function unit(weight: number): number {
  return Math.floor((100 * 65536) / weight + 0.5) / 65536;
}

export class FairShares {
  readonly waiting = new SortedIds();
  readonly verifications = new Map<string, ModelVerification>();
  readonly clientWeights = new Map<string, number>();
  readonly classes: Record<OrderClass, ClassState> = { 2: newClass(), 4: newClass() };
  bulkDue = 0;
  readonly #claimed = new Set<ModelVerification>();
  /** Have taken a turn, and no call about them has left. */
  readonly #unasked = new Set<ModelVerification>();
  #placing: string | undefined;
  readonly #faults: PlantedFaults;

  constructor(faults: PlantedFaults = {}) {
    this.#faults = faults;
  }

  add(id: string, client: string, orderClass: OrderClass): void {
    this.verifications.set(id, { id, client, class: orderClass });
    this.waiting.set(id, orderClass * SPAN);
    this.joinLine(this.#get(id), FRESH);
  }

  /** The tags of what has taken a turn and was not asked about. */
  unasked(orderClass: OrderClass): ReadonlyMap<string, number> {
    const ofClass = [...this.#unasked].filter((each) => each.class === orderClass);
    return new Map(ofClass.flatMap(({ id, shareTag }) => (shareTag === undefined ? [] : [[id, shareTag]])));
  }

  /** Comes back for another attempt, as BullMQ makes it ready: behind everything. */
  comeBack(id: string, counter: number): void {
    this.waiting.set(id, ASIDE * SPAN + counter);
  }

  /** What BullMQ hands out next. */
  pop(): string | undefined {
    const id = this.waiting.first();
    if (id !== undefined) this.waiting.delete(id);
    return id;
  }

  claim(id: string, isTakenOver = false): void {
    const verification = this.#get(id);
    if (isTakenOver && verification.shareTag !== undefined) {
      if (verification.isMarked) this.chargeTurn(verification);
      verification.isMarked = false;
      this.#goOnInTurn(verification);
      return;
    }
    this.#claimed.add(verification);
    if (verification.shareTag !== undefined) {
      this.leaveLine(id);
      return;
    }
    this.#takeTurnsBefore(verification);
    this.#takeTurnFor(verification);
  }

  #takeTurnFor(verification: ModelVerification): void {
    const tag = this.#class(verification).base + this.#claimTurn(verification);
    const { ahead } = verification;
    verification.shareTag = tag;
    this.#unasked.add(verification);
    verification.turn = ahead === undefined ? { class: verification.class, tag } : { class: 2, tag: ahead };
    verification.ahead = undefined;
  }

  #takeTurnsBefore(verification: ModelVerification): void {
    const line = this.#line(verification);
    if (line === undefined || !line.has(verification.id)) return;
    for (const id of line.from(0, Math.min(line.rank(verification.id), TURNS))) {
      const other = this.#get(id);
      if (!this.waiting.has(id) && other.shareTag === undefined) this.#takeTurnFor(other);
    }
  }

  #goOnInTurn(verification: ModelVerification): void {
    const { turn } = verification;
    if (turn === undefined) return;
    const { v, base } = this.classes[turn.class];
    if (v === undefined) return;
    verification.turn = { class: turn.class, tag: Math.max(turn.tag, base + v + BEHIND_NEWCOMERS) };
  }

  grant(id: string, bulkShare = 0, isProbe = false): void {
    const verification = this.#get(id);
    const { shareTag, turn, class: orderClass } = verification;
    verification.isMarked = true;
    verification.wasAsked = true;
    if (shareTag === undefined) return;
    this.#unasked.delete(verification);
    const state = this.#class(verification);
    if (!this.#faults.timeFromHead) {
      const tag = shareTag - state.base;
      if (state.v === undefined || tag > state.v) state.v = this.#timeOf(verification, tag);
    }
    this.#forgetPast(state);
    if (isProbe) return;
    this.landRetries(LANDED_AT_ONCE);
    this.#shareWithBulk(orderClass, orderClass === 4 && turn?.class === 2, bulkShare);
  }

  #timeOf({ client, class: orderClass }: ModelVerification, tag: number): number {
    const { v, next } = this.classes[orderClass];
    const step = unit(this.clientWeights.get(client) ?? 100);
    const leavesNoneOut = v !== undefined && tag <= v + step && next.size <= 1;
    if (leavesNoneOut || this.#faults.timeLeaps) return tag;
    return Math.max(v ?? 0, Math.min(tag, this.#firstUnasked(orderClass) ?? tag));
  }

  #firstUnasked(orderClass: OrderClass): number | undefined {
    const unasked = [...this.#unasked]
      .filter((each) => each.class === orderClass && this.#claimed.has(each))
      .flatMap(({ shareTag }) => shareTag ?? []);
    const first = orderClass * SPAN;
    const [head] = this.waiting.between(first, first + PARKED, 1);
    const waiting = head === undefined ? Number.POSITIVE_INFINITY : (this.waiting.get(head) ?? first) - first;
    const tag = Math.min(waiting, Math.min(...unasked) - this.classes[orderClass].base);
    return Number.isFinite(tag) ? tag : undefined;
  }

  /** @param wasCalled otherwise the turn goes back to the client */
  endTurn(id: string, wasCalled: boolean): void {
    const verification = this.#get(id);
    this.#claimed.delete(verification);
    if (verification.shareTag === undefined) return;
    verification.shareTag = undefined;
    verification.turn = undefined;
    verification.isMarked = false;
    this.#unasked.delete(verification);
    if (!wasCalled) this.#giveTurnBack(verification);
  }

  /** A call that decides nothing: one more is to come in the same claim. */
  noteCall(id: string): void {
    const verification = this.#get(id);
    verification.isMarked = false;
    if (verification.shareTag !== undefined) this.chargeTurn(verification);
  }

  chargeTurn(verification: ModelVerification): void {
    if (this.#faults.retriesUncharged) return;
    this.#takeTurn(verification);
    if (this.#weightOf(verification) !== undefined) this.#retag(verification, 0, TURNS - 1);
  }

  landRetries(count: number): void {
    for (const id of this.waiting.from(ASIDE * SPAN, count)) this.joinLine(this.#get(id), RETRY);
  }

  joinLine(verification: ModelVerification, kind: LineKind): void {
    const state = this.#class(verification);
    const { id, client } = verification;
    this.#placing = id;
    const weight = this.clientWeights.get(client) ?? 100;
    const before = this.#weightOf(verification);
    if (before === undefined) this.#activate(verification, weight);
    else if (before !== weight || !state.next.has(client)) this.#reweigh(verification, weight);
    const line = state.lines.get(client) ?? new SortedIds();
    state.lines.set(client, line);
    line.set(id, scoreInLine(line, id, kind));
    const [rank, last] = [line.rank(id), line.size - 1];
    const tag = rank === last ? this.#tagOfLast(verification, rank) : this.#tagAt(verification, rank);
    this.#setTag(verification, tag, true);
    if (rank < last && rank < TURNS) this.#retag(verification, rank + 1, TURNS);
  }

  leaveLine(id: string): void {
    const verification = this.#get(id);
    const line = this.#line(verification);
    if (!line?.has(id)) return;
    const rank = line.rank(id);
    line.delete(id);
    if (this.#weightOf(verification) === undefined) return;
    if (line.size === 0) this.#deactivate(verification);
    else if (rank < TURNS) this.#retag(verification, rank, TURNS - 1);
  }

  cancel(id: string): void {
    this.leaveLine(id);
    const verification = this.#get(id);
    if (verification.shareTag !== undefined && !this.#claimed.has(verification)) {
      this.#unasked.delete(verification);
      this.#giveTurnBack(verification);
    }
    this.waiting.delete(id);
  }

  /** Takes another weight of a client to be, as weigh-clients.lua does. */
  weigh(client: string): void {
    for (const orderClass of [2, 4] as const) {
      const state = this.classes[orderClass];
      const some = { id: '', client, class: orderClass };
      const weight = this.clientWeights.get(client) ?? 100;
      if (state.weights.has(client) && state.weights.get(client) !== weight) this.#reweigh(some, weight);
    }
  }

  rebase(orderClass: OrderClass, limit: number): void {
    const state = this.classes[orderClass];
    const passed = state.v ?? 0;
    if (passed <= limit) return;
    for (const [client, start] of state.next) state.next.set(client, Math.max(0, start - passed));
    const first = orderClass * SPAN;
    for (const id of this.waiting.between(first, first + PARKED)) {
      this.waiting.set(id, Math.max(first, (this.waiting.get(id) ?? 0) - passed));
    }
    state.v = 0;
    state.base += passed;
  }

  #claimTurn(verification: ModelVerification): number {
    const line = this.#line(verification);
    const tag = this.#takeTurn(verification);
    const rank = line?.has(verification.id) ? line.rank(verification.id) : undefined;
    line?.delete(verification.id);
    if (this.#weightOf(verification) === undefined) return tag;
    if (line === undefined || line.size === 0) this.#deactivate(verification);
    else this.#retag(verification, rank === 0 ? TURNS - 1 : 0, TURNS - 1);
    return tag;
  }

  #takeTurn(verification: ModelVerification): number {
    const tag = this.#nextTurn(verification);
    if (this.#faults.retriesUncharged && verification.wasAsked) return tag;
    const weight = this.#weightOf(verification) ?? this.clientWeights.get(verification.client) ?? 100;
    this.#class(verification).next.set(verification.client, tag + unit(weight));
    return tag;
  }

  #giveTurnBack(verification: ModelVerification): void {
    const state = this.#class(verification);
    const start = state.next.get(verification.client);
    if (start === undefined) return;
    const weight = this.#weightOf(verification) ?? this.clientWeights.get(verification.client) ?? 100;
    state.next.set(verification.client, Math.max(0, start - unit(weight)));
    if (this.#weightOf(verification) !== undefined) this.#retag(verification, 0, TURNS - 1);
  }

  #virtualTime(orderClass: OrderClass): number {
    const state = this.classes[orderClass];
    if (state.v !== undefined && !this.#faults.timeFromHead) return state.v;
    const first = orderClass * SPAN;
    const [head] = this.waiting.between(first, first + PARKED, 2).filter((id) => id !== this.#placing);
    state.v = head === undefined ? (state.v ?? 0) : (this.waiting.get(head) ?? first) - first;
    return state.v;
  }

  #nextTurn(verification: ModelVerification): number {
    const start = this.#class(verification).next.get(verification.client);
    if (this.#weightOf(verification) !== undefined && start !== undefined) return start;
    return Math.max(this.#virtualTime(verification.class), start ?? 0);
  }

  #tagAt(verification: ModelVerification, rank: number): number {
    const { client } = verification;
    const { next } = this.#class(verification);
    const tag = (next.get(client) ?? 0) + rank * unit(this.#weightOf(verification) ?? 100);
    return rank < TURNS ? Math.min(tag, PARKED - 1) : PARKED + Math.min(tag, PARKED - 1) / 2;
  }

  #tagOfLast(verification: ModelVerification, rank: number): number {
    const tag = this.#tagAt(verification, rank);
    if (rank < TURNS) return tag;
    const before = this.#line(verification)?.at(rank - 1);
    const score = before === undefined ? undefined : this.waiting.get(before);
    return score !== undefined && Math.floor(score / SPAN) === verification.class
      ? Math.max(tag, score - verification.class * SPAN)
      : tag;
  }

  #setTag({ id, class: orderClass }: ModelVerification, tag: number, isForced = false): void {
    const now = this.waiting.get(id);
    if (now !== undefined && (isForced || Math.floor(now / SPAN) === orderClass)) {
      this.waiting.set(id, orderClass * SPAN + tag);
    }
  }

  #retag(verification: ModelVerification, from: number, to: number): void {
    const state = this.#class(verification);
    if (!state.next.has(verification.client)) {
      state.next.set(verification.client, this.#nextTurn(verification));
    }
    const line = this.#line(verification);
    for (let rank = from; rank <= to; rank += 1) {
      const id = line?.at(rank);
      if (id !== undefined) this.#setTag(this.#get(id), this.#tagAt(verification, rank));
    }
  }

  #activate(verification: ModelVerification, weight: number): void {
    const state = this.#class(verification);
    state.next.set(verification.client, this.#nextTurn(verification));
    state.weights.set(verification.client, weight);
    state.weightSum += weight;
  }

  #deactivate(verification: ModelVerification): void {
    const state = this.#class(verification);
    state.weightSum -= state.weights.get(verification.client) ?? 0;
    state.weights.delete(verification.client);
    const start = state.next.get(verification.client);
    if (start !== undefined && start <= this.#virtualTime(verification.class)) {
      state.next.delete(verification.client);
    }
  }

  #reweigh(verification: ModelVerification, weight: number): void {
    const state = this.#class(verification);
    const before = state.weights.get(verification.client) ?? 100;
    state.weights.set(verification.client, weight);
    state.weightSum += weight - before;
    const known = state.next.get(verification.client) ?? Math.max(this.#virtualTime(verification.class), 0);
    const start = known - unit(before) + unit(weight);
    state.next.set(verification.client, Math.max(this.#virtualTime(verification.class), start));
    this.#retag(verification, 0, TURNS - 1);
  }

  #forgetPast(state: ClassState): void {
    const past = [...state.next]
      .filter(([, start]) => start <= (state.v ?? 0))
      .sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
      .slice(0, 2);
    for (const [client] of past) if (!state.weights.has(client)) state.next.delete(client);
  }

  #shareWithBulk(orderClass: OrderClass, isAhead: boolean, bulkShare: number): void {
    if (bulkShare <= 0 || isAhead) return;
    if (orderClass === 2) {
      const due = bulkShare >= 1 ? 1 : Math.min(1, this.bulkDue + bulkShare / (1 - bulkShare));
      this.bulkDue = due < 1 ? due : this.#letBulkAhead() ? due - 1 : 0;
    } else {
      this.bulkDue = Math.max(0, this.bulkDue - 1);
    }
  }

  #letBulkAhead(): boolean {
    const [id] = this.waiting.between(3 * SPAN, ASIDE * SPAN, 1);
    if (id === undefined) return false;
    const tag = Math.max(0, (this.classes[2].v ?? 0) - 1);
    this.#get(id).ahead = this.classes[2].base + tag;
    this.waiting.set(id, 2 * SPAN + tag);
    return true;
  }

  #get(id: string): ModelVerification {
    const verification = this.verifications.get(id);
    if (verification === undefined) throw new Error(`Cannot find ${id}`);
    return verification;
  }

  #class = (verification: ModelVerification) => this.classes[verification.class];
  #line = (verification: ModelVerification) => this.#class(verification).lines.get(verification.client);
  #weightOf = (verification: ModelVerification) => this.#class(verification).weights.get(verification.client);
}

function scoreInLine(line: SortedIds, id: string, kind: LineKind): number {
  const own = line.get(id);
  if (kind !== FRESH) return kind;
  if (own !== undefined && own >= kind) return own;
  const last = line.size === 0 ? undefined : line.at(line.size - 1);
  const score = last === undefined ? undefined : line.get(last);
  if (last === undefined || score === undefined || score < kind) return kind;
  return last < id ? score : score + LATER;
}

function newClass(): ClassState {
  return { v: undefined, base: 0, weights: new Map(), weightSum: 0, next: new Map(), lines: new Map() };
}
