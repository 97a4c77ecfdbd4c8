/** A pool of delivery workers in front of the limiter, in virtual time: what a queue with C workers does, without the queue. */
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import type { EndpointPolicy } from '../../../worker/delivery/endpoint-admission.ts';
import { createEndpointLimiter } from '../../../worker/delivery/endpoint-limiter.ts';

export interface SimulatedDelivery {
  readonly endpoint: string;
  readonly arrivedAt: number;
  parked: number;
  attempts: number;
  deliveredAt: number | null;
}

export interface Simulation {
  readonly workers: number;
  readonly policy: EndpointPolicy;
  readonly arrivals: readonly { readonly at: number; readonly endpoint: string }[];
  /** How long an endpoint takes for a request that begins at `at`, and what it says. */
  readonly answer: (endpoint: string, at: number) => DeliveryResult;
  readonly retryMs: number;
  readonly untilMs: number;
}

/** A small deterministic generator (mulberry32), so that a run can be repeated. */
export function createRandom(seed: number): () => number {
  const state = { value: seed };
  return () => {
    state.value = (state.value + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state.value ^ (state.value >>> 15), 1 | state.value);
    const again = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((again ^ (again >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function simulate(simulation: Simulation) {
  const clock = { now: 0 };
  const limiter = createEndpointLimiter({
    policy: simulation.policy,
    now: () => clock.now,
    random: createRandom(1),
  });
  const events: { at: number; order: number; run: () => void }[] = [];
  const ready: SimulatedDelivery[] = [];
  const deliveries: SimulatedDelivery[] = [];
  const busy = {
    workers: 0,
    byEndpoint: new Map<string, number>(),
    worstByEndpoint: new Map<string, number>(),
  };
  let order = 0;

  const schedule = (at: number, run: () => void) => {
    order += 1;
    events.push({ at, order, run });
  };
  const takeNextEvent = () => {
    let best = 0;
    for (let index = 1; index < events.length; index += 1) {
      const [a, b] = [events[index], events[best]];
      if (a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order)))
        best = index;
    }
    const event = events[best];
    const last = events.pop();
    if (last !== undefined && best < events.length) events[best] = last;
    return event;
  };
  const enqueue = (delivery: SimulatedDelivery) => {
    ready.push(delivery);
    work();
  };
  const attempt = (delivery: SimulatedDelivery, release: (result: DeliveryResult) => void) => {
    const { endpoint } = delivery;
    const inFlight = (busy.byEndpoint.get(endpoint) ?? 0) + 1;
    busy.workers += 1;
    busy.byEndpoint.set(endpoint, inFlight);
    busy.worstByEndpoint.set(endpoint, Math.max(inFlight, busy.worstByEndpoint.get(endpoint) ?? 0));
    delivery.attempts += 1;
    const result = simulation.answer(endpoint, clock.now);
    schedule(clock.now + result.durationMs, () => {
      release(result);
      busy.workers -= 1;
      busy.byEndpoint.set(endpoint, (busy.byEndpoint.get(endpoint) ?? 1) - 1);
      if (result.result === 'accepted') delivery.deliveredAt = clock.now;
      else schedule(clock.now + simulation.retryMs, () => enqueue(delivery));
      work();
    });
  };
  const work = () => {
    while (busy.workers < simulation.workers) {
      const delivery = ready.shift();
      if (delivery === undefined) return;
      const admission = limiter.enter(delivery.endpoint, { parkedBefore: delivery.parked > 0 });
      if (admission.status === 'admitted') attempt(delivery, admission.release);
      else {
        delivery.parked += 1;
        schedule(admission.retryAt, () => enqueue(delivery));
      }
    }
  };

  // One arrival schedules the next: the list of pending events, which is searched, stays short.
  const arrive = (index: number) => {
    const arrival = simulation.arrivals[index];
    if (arrival === undefined) return;
    schedule(arrival.at, () => {
      const { at: arrivedAt, endpoint } = arrival;
      const delivery = { endpoint, arrivedAt, parked: 0, attempts: 0, deliveredAt: null };
      deliveries.push(delivery);
      arrive(index + 1);
      enqueue(delivery);
    });
  };
  arrive(0);
  for (
    let event = takeNextEvent();
    event !== undefined && event.at <= simulation.untilMs;
    event = takeNextEvent()
  ) {
    clock.now = event.at;
    event.run();
  }
  return { deliveries, worstByEndpoint: busy.worstByEndpoint, limiter };
}

/** The p-th share of the delivery times, in ms; undelivered ones count as endless. */
export function percentile(deliveries: readonly SimulatedDelivery[], share: number): number {
  const times = deliveries
    .map(({ arrivedAt, deliveredAt }) =>
      deliveredAt === null ? Number.POSITIVE_INFINITY : deliveredAt - arrivedAt,
    )
    .sort((a, b) => a - b);
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}
