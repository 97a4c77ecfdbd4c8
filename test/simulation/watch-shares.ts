import { CLAIM_WINDOW_MS } from '../../worker/queue-worker.ts';
import { jobOfReference } from '../storm/person-of-job.ts';
import type { Fault, Plan } from './plan.ts';

/**
 * Calls by which one of two clients may be ahead of the other, over any time in which both wait. Start-time fair queueing makes
 * it one (Goyal, Vin and Cheng, 1996). Each of two workers reserves a slot before it has used the last, for what was first in
 * its own line then, and the request that leaves second may arrive first: one more for each of these. A client waits in this
 * sense when a worker may have claimed for it: a burst of another one uses up the claims of a window.
 */
const LAG_CALLS = 4;

/** None of these takes a claim from a worker, or makes it ask twice. */
const KEEPS_TURNS = new Set<Fault['kind']>(['flush_scripts', 'receiver_down', 'kill_producer']);

/** Two clients, and what the first had more than its part since both have something waiting. */
interface Pair {
  readonly of: readonly [number, number];
  readonly weights: readonly [number, number];
  calls: [number, number];
  least: number;
  most: number;
}

/**
 * That each client gets what its weight gives it, as long as it has something waiting. It is looked at wherever turns alone
 * decide: with one priority, one call for each verification, and no fault that takes a claim from a worker.
 */
export class ShareWatch {
  readonly #add: (invariant: string, detail: string) => void;
  /** Client by job; empty where shares are not judged. */
  readonly #clients: ReadonlyMap<number, number>;
  readonly #weights: readonly number[];
  /** Of each client, the jobs that were accepted, and about which no call has arrived. */
  readonly #waiting: readonly Set<number>[];
  /** Since when each has had one, in ms of the world. */
  readonly #since: number[] = [];
  readonly #now: () => number;
  readonly #seen = new Set<number>();
  #pairs: readonly Pair[] = [];

  constructor(plan: Plan, now: () => number, add: (invariant: string, detail: string) => void) {
    this.#add = add;
    this.#now = now;
    this.#clients = new Map(
      isDecidedByTurns(plan) ? plan.orders.map(({ job, client }) => [job, client]) : [],
    );
    this.#weights = plan.clients.map(({ weight }) => weight);
    this.#waiting = plan.clients.map(() => new Set<number>());
  }

  accept(reference: string): void {
    const job = jobOfReference(reference);
    const client = job === null ? undefined : this.#clients.get(job);
    if (job === null || client === undefined || this.#seen.has(job)) return;
    this.#seen.add(job);
    if (this.#waiting[client]?.size === 0) this.#since[client] = this.#now();
    this.#waiting[client]?.add(job);
    this.#pair();
  }

  call(reference: string): void {
    const job = jobOfReference(reference);
    const client = job === null ? undefined : this.#clients.get(job);
    if (job === null || client === undefined) return;
    for (const pair of this.#pairs) this.#count(pair, pair.of.indexOf(client));
    this.#waiting[client]?.delete(job);
    this.#pair();
  }

  /** Pairs of clients that both wait: those that did before go on. */
  #pair(): void {
    const claimableSince = this.#now() - CLAIM_WINDOW_MS;
    const waiting = this.#waiting.flatMap((jobs, client) =>
      jobs.size > 0 && (this.#since[client] ?? 0) <= claimableSince ? [client] : [],
    );
    this.#pairs = waiting.flatMap((one, index) =>
      waiting.slice(index + 1).map((other) => {
        const before = this.#pairs.find(({ of }) => of[0] === one && of[1] === other);
        const weights = [this.#weights[one] ?? 0, this.#weights[other] ?? 0] as const;
        return before ?? { of: [one, other], weights, calls: [0, 0], least: 0, most: 0 };
      }),
    );
  }

  #count(pair: Pair, which: number): void {
    if (which !== 0 && which !== 1) return;
    pair.calls[which] += 1;
    const { of, weights, calls } = pair;
    const ahead = calls[0] - ((calls[0] + calls[1]) * weights[0]) / (weights[0] + weights[1]);
    pair.least = Math.min(pair.least, ahead);
    pair.most = Math.max(pair.most, ahead);
    if (pair.most - pair.least <= LAG_CALLS) return;
    this.#add(
      'not_its_share',
      `clients ${of.join(' and ')} of weights ${weights.join(' and ')} had ${calls.join(' and ')} calls while both waited: one was up to ${(pair.most - pair.least).toFixed(2)} calls ahead`,
    );
  }
}

const isDecidedByTurns = ({ clients, orders, faults }: Plan): boolean =>
  clients.length > 1 &&
  faults.every(({ kind }) => KEEPS_TURNS.has(kind)) &&
  orders.every(
    ({ priority, answers }) =>
      priority === orders[0]?.priority && answers.length === 1 && answers[0]?.fault === undefined,
  );
