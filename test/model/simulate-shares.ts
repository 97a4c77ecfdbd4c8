import { compareSlotOrders, computeSlotOrder } from '../../shared/account/limiter/slot-order.ts';
import { FairShares, type OrderClass, type PlantedFaults } from './fair-shares.ts';

/** Workers and an upstream in virtual time: one slot every `slotMs`, and at most `claimedAhead` verifications claimed. */
export interface SharesSimulation {
  readonly clients: readonly SimulatedClient[];
  readonly slotMs: number;
  readonly slots: number;
  readonly claimedAhead: number;
  /** From the slot until the answer, when a claimed place comes free. */
  readonly answerMs: number;
  readonly bulkShare: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly faults?: PlantedFaults & { readonly waitersByArrival?: boolean };
}

export interface SimulatedClient {
  readonly name: string;
  readonly weight: number;
  readonly class: OrderClass;
  /** Submitted at the start. */
  readonly backlog: number;
  /** Mean time between further submissions; none without it. */
  readonly everyMs?: number;
  /** Part of its calls that fail and are repeated after `backoffMs`. */
  readonly transient: number;
}

export interface SimulatedCall {
  readonly client: string;
  readonly atMs: number;
  /** Since the submission, for a verification's first call. */
  readonly waitedMs: number | null;
}

const BACKOFF_MS = 1_000;

interface Waiter {
  readonly id: string;
  readonly since: number;
}

/** @returns every call, in order */
export function simulateShares(simulation: SharesSimulation): readonly SimulatedCall[] {
  const { clients, slotMs, slots, claimedAhead, answerMs, bulkShare, random, faults = {} } = simulation;
  const model = new FairShares(faults);
  const clientOf = new Map(clients.map((client) => [client.name, client]));
  const submittedAt = new Map<string, number>();
  const comesBackAt: { readonly id: string; readonly atMs: number }[] = [];
  const busyUntil: number[] = [];
  const waiters: Waiter[] = [];
  const calls: SimulatedCall[] = [];
  let count = 0;

  const submit = ({ name, class: orderClass }: SimulatedClient, atMs: number) => {
    count += 1;
    // As typeid, ids sort by time.
    const id = `ver_${String(count).padStart(9, '0')}`;
    submittedAt.set(id, atMs);
    model.add(id, name, orderClass);
  };
  const arrivals = clients
    .flatMap((client) => drawArrivals(client, slotMs * slots, random).map((atMs) => ({ client, atMs })))
    .sort((a, b) => a.atMs - b.atMs);
  for (const client of clients) {
    model.clientWeights.set(client.name, client.weight);
    for (let i = 0; i < client.backlog; i += 1) submit(client, 0);
  }

  const claimAhead = (now: number) => {
    while (waiters.length + busyUntil.length < claimedAhead) {
      const id = model.pop();
      if (id === undefined) return;
      model.claim(id);
      waiters.push({ id, since: now });
    }
  };
  const takeWaiter = (now: number): Waiter | undefined => {
    const orderOf = ({ id, since }: Waiter) =>
      computeSlotOrder(model.verifications.get(id)?.turn ?? { class: 4, tag: 0 }, now - since);
    const best = faults.waitersByArrival
      ? 0
      : waiters.reduce(
          (first, waiter, i) =>
            compareSlotOrders(orderOf(waiter), orderOf(waiters[first] ?? waiter)) < 0 ? i : first,
          0,
        );
    return waiters.splice(best, 1)[0];
  };

  for (let slot = 0; slot < slots; slot += 1) {
    const now = slot * slotMs;
    for (const due of arrivals.splice(
      0,
      countWhile(arrivals, ({ atMs }) => atMs <= now),
    )) {
      submit(due.client, due.atMs);
    }
    for (const { id } of comesBackAt.splice(
      0,
      countWhile(comesBackAt, ({ atMs }) => atMs <= now),
    )) {
      model.comeBack(id, slot);
    }
    busyUntil.splice(
      0,
      countWhile(busyUntil, (until) => until <= now),
    );
    claimAhead(now);
    const waiter = takeWaiter(now);
    if (waiter === undefined) continue;
    model.grant(waiter.id, bulkShare);
    const name = model.verifications.get(waiter.id)?.client ?? '';
    const since = submittedAt.get(waiter.id);
    submittedAt.delete(waiter.id);
    calls.push({ client: name, atMs: now, waitedMs: since === undefined ? null : now - since });
    busyUntil.push(now + answerMs);
    model.endTurn(waiter.id, true);
    if (random() < (clientOf.get(name)?.transient ?? 0)) {
      comesBackAt.push({ id: waiter.id, atMs: now + answerMs + BACKOFF_MS });
    }
  }
  return calls;
}

function drawArrivals(
  { everyMs, backlog }: SimulatedClient,
  untilMs: number,
  random: () => number,
): readonly number[] {
  if (everyMs === undefined) return [];
  const arrivals: number[] = [];
  for (let at = backlog > 0 ? everyMs : random() * everyMs; at < untilMs; ) {
    arrivals.push(at);
    at += -Math.log(1 - random()) * everyMs;
  }
  return arrivals;
}

function countWhile<T>(sorted: readonly T[], matches: (each: T) => boolean): number {
  const end = sorted.findIndex((each) => !matches(each));
  return end === -1 ? sorted.length : end;
}
