import { compareSlotOrders, computeSlotOrder } from '../../shared/account/limiter/slot-order.ts';
import {
  computeGuaranteedRate,
  computePromiseTerms,
  RECOVERY_MS,
} from '../../shared/account/promise-terms.ts';
import {
  computeExtension,
  type DelayTotals,
  type PromisedTime,
} from '../../shared/store/verifications/promised-time.ts';
import { FairShares, type OrderClass, type PlantedFaults, unit } from './fair-shares.ts';

/** Workers and an upstream in virtual time, and what each verification was promised when it was submitted. */
export interface PromiseSimulation {
  /** Every client that exists, also those that never submit. */
  readonly clients: readonly PromisedClient[];
  /** Oldest first. */
  readonly submissions: readonly SimulatedSubmission[];
  /** Between two slots; the quota would give one every `1000 / quotaPerSecond`. */
  readonly slotMs: number;
  readonly quotaPerSecond: number;
  readonly bulkShare: number;
  readonly workers: number;
  readonly claimedAhead: number;
  readonly answerMs: number;
  /** When a worker is killed; what it had claimed comes back `silentMs` later. */
  readonly killsAt: readonly number[];
  readonly silentMs: number;
  /** From when until when the account gives no slots. */
  readonly pauses: readonly (readonly [fromMs: number, toMs: number])[];
  /** In [0, 1). */
  readonly random: () => number;
  readonly faults?: PlantedFaults & PromiseFaults;
}

/** Mistakes that the property tests must notice. */
export interface PromiseFaults {
  /** Only clients that have something waiting are counted. */
  readonly activeOnly?: boolean;
  /** Neither a pause nor repeats put a promise off. */
  readonly neverExtended?: boolean;
  /** What waits of the client itself does not count. */
  readonly ownIgnored?: boolean;
  /** Nothing is allowed for what a killed worker had. */
  readonly noRecovery?: boolean;
}

export interface PromisedClient {
  readonly name: string;
  readonly weight: number;
  /** Part of its calls that fail and are repeated. */
  readonly transient: number;
}

export interface SimulatedSubmission {
  readonly client: string;
  readonly class: OrderClass;
  readonly atMs: number;
}

export interface JudgedPromise {
  readonly client: string;
  readonly class: OrderClass;
  readonly atMs: number;
  readonly waitedMs: number;
  /** From the submission, with what was added. */
  readonly promisedMs: number;
}

const BACKOFF_MS = 1_000;
const MAX_SLOTS = 200_000;

interface Open extends SimulatedSubmission {
  readonly promise: PromisedTime;
}

interface Held {
  readonly id: string;
  readonly worker: number;
  readonly since: number;
}

/** @returns what became of each promise, in the order of the first calls */
export function simulatePromises(simulation: PromiseSimulation): readonly JudgedPromise[] {
  return new Promises(simulation).run();
}

class Promises {
  readonly #sim: PromiseSimulation;
  readonly #model: FairShares;
  readonly #open = new Map<string, Open>();
  readonly #clients: ReadonlyMap<string, PromisedClient>;
  readonly #repeats = new Map<string, number>();
  readonly #judged: JudgedPromise[] = [];
  readonly #called = new Set<string>();
  #waiters: Held[] = [];
  #busy: { readonly id: string; readonly worker: number; readonly until: number }[] = [];
  #comingBack: { readonly id: string; readonly atMs: number; readonly isTakenOver: boolean }[] = [];
  #takenOver: string[] = [];
  #count = 0;
  #pausedMs = 0;

  constructor(simulation: PromiseSimulation) {
    this.#sim = simulation;
    this.#model = new FairShares(simulation.faults ?? {});
    this.#clients = new Map(simulation.clients.map((client) => [client.name, client]));
    for (const { name, weight } of simulation.clients) this.#model.clientWeights.set(name, weight);
  }

  run(): readonly JudgedPromise[] {
    const { slotMs, submissions, killsAt } = this.#sim;
    let [next, kills] = [0, 0];
    for (let slot = 0; slot < MAX_SLOTS; slot += 1) {
      const now = slot * slotMs;
      for (let due = submissions[next]; due !== undefined && due.atMs <= now; due = submissions[next]) {
        this.#submit(due, now);
        next += 1;
      }
      for (; (killsAt[kills] ?? Number.POSITIVE_INFINITY) <= now; kills += 1) this.#kill(now);
      this.#takeBack(now, slot);
      this.#busy = this.#busy.filter(({ until }) => until > now);
      this.#claimAhead(now);
      if (this.#isPaused(now)) this.#pausedMs += slotMs;
      else this.#call(now);
      if (next === submissions.length && this.#open.size === 0) return this.#judged;
    }
    throw new Error('Cannot end the simulation: each verification must be called for, and some are not');
  }

  #isPaused(now: number): boolean {
    return this.#sim.pauses.some(([from, to]) => now >= from && now < to);
  }

  #totals(client: string): DelayTotals {
    const lost = { paused: this.#pausedMs, held: 0, slow: 0, rate: 0 };
    return { lost, repeats: this.#repeats.get(client) ?? 0 };
  }

  #submit(submission: SimulatedSubmission, now: number): void {
    this.#count += 1;
    const id = `ver_${String(this.#count).padStart(9, '0')}`;
    const { client, class: orderClass } = submission;
    this.#model.add(id, client, orderClass);
    const promise = this.#promise(id, submission, now);
    // Late by a slot at most, as the time between two looks of the simulation.
    this.#open.set(id, { ...submission, promise });
  }

  /** As `promise.lua` does. */
  #promise(id: string, { client, class: orderClass }: SimulatedSubmission, now: number): PromisedTime {
    const { quotaPerSecond, bulkShare, clients, faults = {} } = this.#sim;
    const priority = orderClass === 2 ? 'interactive' : 'bulk';
    const state = this.#model.classes[orderClass];
    const counted = faults.activeOnly ? clients.filter(({ name }) => state.weights.has(name)) : clients;
    const weight = this.#clients.get(client)?.weight ?? 100;
    const terms = computePromiseTerms({
      priority,
      weight,
      weightOfAll: counted.reduce((sum, each) => sum + each.weight, 0),
      clients: counted.length,
      perSecond: computeGuaranteedRate(priority, { quotaPerSecond, bulkShare }),
    });
    if (terms === null) throw new Error('Cannot promise: the priority must have a part of the quota');
    const rank = faults.ownIgnored ? 0 : (state.lines.get(client)?.rank(id) ?? 0);
    const ahead = (state.next.get(client) ?? 0) - (state.v ?? 0);
    const turns = rank + 1 + Math.max(0, ahead) / unit(weight);
    const isNext = orderClass === 2 && rank === 0 && ahead <= 0 && !faults.ownIgnored;
    const byTurns = terms.baseMs + turns * terms.perTurnMs;
    const byCalls = RECOVERY_MS + (this.#callsBefore(id) + 1) * terms.perCallMs;
    const ms = (isNext ? Math.min(byTurns, byCalls) : byTurns) - (faults.noRecovery ? RECOVERY_MS : 0);
    return { by: Math.ceil(now + ms), since: this.#totals(client), perTurnMs: terms.perTurnMs };
  }

  #callsBefore(id: string): number {
    const { waiting } = this.#model;
    const inHand = this.#waiters.length + this.#busy.length;
    return waiting.rank(id) + this.#takenOver.length + 2 * inHand + this.#comingBack.length;
  }

  #claimAhead(now: number): void {
    const { claimedAhead, workers, random } = this.#sim;
    while (this.#waiters.length + this.#busy.length < claimedAhead) {
      const taken = this.#takenOver.shift();
      const id = taken ?? this.#model.pop();
      if (id === undefined) return;
      this.#model.claim(id, taken !== undefined);
      this.#waiters.push({ id, worker: Math.floor(random() * workers), since: now });
    }
  }

  #call(now: number): void {
    const { bulkShare, answerMs, random } = this.#sim;
    const held = this.#takeWaiter(now);
    if (held === undefined) return;
    const { id, worker } = held;
    this.#model.grant(id, bulkShare);
    this.#busy.push({ id, worker, until: now + answerMs });
    const client = this.#model.verifications.get(id)?.client ?? '';
    if (this.#called.has(id)) this.#repeats.set(client, (this.#repeats.get(client) ?? 0) + 1);
    this.#called.add(id);
    this.#judge(id, now);
    this.#model.endTurn(id, true);
    if (random() < (this.#clients.get(client)?.transient ?? 0)) {
      this.#comingBack.push({ id, atMs: now + answerMs + BACKOFF_MS, isTakenOver: false });
    }
  }

  #judge(id: string, now: number): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    const { promise, ...submission } = open;
    const extension = this.#sim.faults?.neverExtended
      ? null
      : computeExtension(promise, this.#totals(submission.client));
    this.#judged.push({
      ...submission,
      waitedMs: now - submission.atMs,
      promisedMs: promise.by + (extension?.byMs ?? 0) - submission.atMs,
    });
  }

  #takeWaiter(now: number): Held | undefined {
    const orderOf = ({ id, since }: Held) =>
      computeSlotOrder(this.#model.verifications.get(id)?.turn ?? { class: 4, tag: 0 }, now - since);
    const best = this.#waiters.reduce(
      (first, waiter, i) =>
        compareSlotOrders(orderOf(waiter), orderOf(this.#waiters[first] ?? waiter)) < 0 ? i : first,
      0,
    );
    return this.#waiters.splice(best, 1)[0];
  }

  /** What the worker waits with has to be claimed again; what it has called for is called for again. */
  #kill(now: number): void {
    const { workers, random, silentMs } = this.#sim;
    const victim = Math.floor(random() * workers);
    const [lost, kept] = [this.#waiters, this.#busy].map((list) =>
      list.filter((each) => each.worker === victim),
    );
    this.#waiters = this.#waiters.filter(({ worker }) => worker !== victim);
    this.#busy = this.#busy.filter(({ worker }) => worker !== victim);
    for (const { id } of [...(lost ?? []), ...(kept ?? [])]) {
      const isComing = this.#comingBack.some((each) => each.id === id);
      if (!isComing) this.#comingBack.push({ id, atMs: now + silentMs, isTakenOver: true });
    }
  }

  #takeBack(now: number, slot: number): void {
    const due = this.#comingBack.filter(({ atMs }) => atMs <= now);
    this.#comingBack = this.#comingBack.filter(({ atMs }) => atMs > now);
    for (const { id, isTakenOver } of due) {
      if (isTakenOver) this.#takenOver.push(id);
      else this.#model.comeBack(id, slot);
    }
  }
}
