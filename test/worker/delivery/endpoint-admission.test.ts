import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import {
  type Breaker,
  computeAdmission,
  defaultEndpointPolicy,
  type EndpointLimiterState,
  idleEndpoint,
  isForgettable,
  type Moment,
  reduceReleased,
} from '../../../worker/delivery/endpoint-admission.ts';

const now = 1_000_000;
const policy = { ...defaultEndpointPolicy, maxInFlight: 4 };
const at = (ms: number, sample = 0): Moment => ({ policy, now: now + ms, random: () => sample });
const fresh = { parkedBefore: false };
const returning = { parkedBefore: true };

const ok: DeliveryResult = { result: 'accepted', status: 200, durationMs: 100, answer: '' };
const hung: DeliveryResult = { result: 'unreachable', errorClass: 'timeout', durationMs: 15_000 };
const refused = (status: number, retryAfterMs: number | null = null): DeliveryResult => ({
  result: 'refused',
  status,
  retryAfterMs,
  durationMs: 100,
  answer: '',
});

const makeState = (overrides: Partial<EndpointLimiterState> = {}): EndpointLimiterState => ({
  ...idleEndpoint,
  ...overrides,
});
const closed = (failures: number): Breaker => ({ status: 'closed', failures });
const open = (untilMs: number, failedProbes = 0): Breaker => ({
  status: 'open',
  until: now + untilMs,
  failedProbes,
});

/** The breaker after a regular delivery (or a probe) ended with `result`. */
const breakerAfter = (breaker: Breaker, result: DeliveryResult, pass: 'regular' | 'probe' = 'regular') =>
  reduceReleased(makeState({ inFlight: 1, breaker }), { pass, result }, at(0)).breaker;

describe('the cap', () => {
  test('admits as many deliveries as it allows and parks the next', () => {
    const full = [1, 2, 3, 4].reduce<EndpointLimiterState>((state) => {
      const decision = computeAdmission(state, fresh, at(0));
      expect(decision).toMatchObject({ status: 'admitted', pass: 'regular' });
      return decision.next;
    }, idleEndpoint);
    expect(full.inFlight).toBe(4);
    expect(computeAdmission(full, fresh, at(0))).toMatchObject({
      status: 'parked',
      reason: 'full',
      retryAt: now + policy.minParkMs,
    });
  });

  test('a delivery that ended makes room for another', () => {
    const full = makeState({ inFlight: 4 });
    const released = reduceReleased(full, { pass: 'regular', result: ok }, at(0));
    expect(computeAdmission(released, fresh, at(0))).toMatchObject({ status: 'admitted' });
  });

  test('an abandoned delivery makes room too, and teaches nothing', () => {
    const full = makeState({ inFlight: 4, breaker: closed(3) });
    const released = reduceReleased(full, { pass: 'regular', result: 'abandoned' }, at(0));
    expect(released).toMatchObject({ inFlight: 3, breaker: closed(3), typicalMs: full.typicalMs });
  });

  test.each([
    [100, policy.minParkMs],
    [3_000, 3_000],
    [600_000, policy.maxParkMs],
  ])('after nothing has moved for %i ms the wait is %i ms', (stallMs, waitMs) => {
    const stalled = makeState({ inFlight: 4, movedAt: now - stallMs });
    expect(computeAdmission(stalled, fresh, at(0))).toMatchObject({ retryAt: now + waitMs });
  });

  test('parked deliveries come back one after the other in the order they came', () => {
    const parkOnce = (state: EndpointLimiterState) => computeAdmission(state, fresh, at(0));
    const first = parkOnce(makeState({ inFlight: 4, typicalMs: 800, movedAt: now }));
    const second = parkOnce(first.next);
    const third = parkOnce(second.next);
    const times = [first, second, third].map((decision) =>
      decision.status === 'parked' ? decision.retryAt : null,
    );
    expect(times).toEqual([now + 250, now + 450, now + 650]);
  });

  test('no delivery is parked for longer than twice the bound', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_600_000 }),
        fc.integer({ min: 0, max: 3_600_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (stallMs, queuedMs, sample) => {
          const state = makeState({
            inFlight: 4,
            movedAt: now - stallMs,
            parkedUntil: now + queuedMs,
            typicalMs: 15_000,
          });
          const decision = computeAdmission(state, returning, at(0, sample));
          if (decision.status !== 'parked') throw new Error('Cannot check: the endpoint must be full');
          expect(decision.retryAt).toBeGreaterThanOrEqual(now + policy.minParkMs);
          expect(decision.retryAt).toBeLessThanOrEqual(now + 2 * policy.maxParkMs + 1);
        },
      ),
    );
  });

  test('while parked deliveries are to come back, half of the places are kept for them', () => {
    const half = makeState({ inFlight: 2, parkedUntil: now + 1 });
    expect(computeAdmission(half, fresh, at(0))).toMatchObject({ status: 'parked', reason: 'full' });
    expect(computeAdmission(half, returning, at(0))).toMatchObject({ status: 'admitted' });
    expect(computeAdmission(half, fresh, at(1))).toMatchObject({ status: 'admitted' });
  });
});

describe('the breaker', () => {
  test.each<[name: string, before: Breaker, result: DeliveryResult, after: Breaker]>([
    ['a success keeps it closed', closed(0), ok, closed(0)],
    ['a success forgives failures', closed(4), ok, closed(0)],
    ['a first failure is counted', closed(0), hung, closed(1)],
    ['a 500 is counted', closed(3), refused(500), closed(4)],
    ['a 429 without a time is counted', closed(3), refused(429), closed(4)],
    ['the fifth failure in a row opens it', closed(4), hung, open(5_000)],
    ['a 404 concerns the event, not the endpoint', closed(4), refused(404), closed(0)],
    ['a 410 is for the health of the endpoint to judge', closed(4), refused(410), closed(0)],
    ['a 429 with a time opens it at once', closed(0), refused(429, 60_000), open(60_000)],
    ['a 503 with a time opens it at once', closed(0), refused(503, 60_000), open(60_000)],
    ['a time is obeyed up to a bound', closed(0), refused(503, 86_400_000), open(300_000)],
    ['a 404 with a time does not', closed(0), refused(404, 60_000), closed(0)],
    ['a late failure leaves it open', open(900, 2), hung, open(900, 2)],
    ['a late success closes it', open(900, 2), ok, closed(0)],
    ['a shorter time does not shorten it', open(90_000), refused(503, 60_000), open(90_000)],
    [
      'a late failure leaves the probe alone',
      { status: 'half_open', failedProbes: 1 },
      hung,
      { status: 'half_open', failedProbes: 1 },
    ],
  ])('%s', (_, before, result, after) => {
    expect(breakerAfter(before, result)).toEqual(after);
  });

  test.each([
    [0, 10_000],
    [1, 20_000],
    [4, 160_000],
    [5, 300_000],
    [500, 300_000],
  ])('a probe that fails after %i others keeps it open for %i ms', (failedProbes, openMs) => {
    const after = breakerAfter({ status: 'half_open', failedProbes }, hung, 'probe');
    expect(after).toEqual(open(openMs, failedProbes + 1));
  });

  test('a probe that succeeds closes it', () => {
    expect(breakerAfter({ status: 'half_open', failedProbes: 7 }, ok, 'probe')).toEqual(closed(0));
  });

  test('an abandoned probe lets another one go at once', () => {
    const probing = makeState({ inFlight: 1, breaker: { status: 'half_open', failedProbes: 2 } });
    const after = reduceReleased(probing, { pass: 'probe', result: 'abandoned' }, at(0));
    expect(after.breaker).toEqual(open(0, 2));
    expect(computeAdmission(after, fresh, at(0))).toMatchObject({ status: 'admitted', pass: 'probe' });
  });

  test('while it is open every delivery is parked until then', () => {
    const state = makeState({ breaker: open(60_000) });
    expect(computeAdmission(state, returning, at(0))).toMatchObject({
      status: 'parked',
      reason: 'open',
      retryAt: now + 60_000,
    });
  });

  test('after that exactly one delivery goes, and the others wait for what it finds', () => {
    const first = computeAdmission(makeState({ breaker: open(0, 3) }), fresh, at(0));
    expect(first).toMatchObject({ status: 'admitted', pass: 'probe' });
    expect(computeAdmission(first.next, returning, at(0))).toMatchObject({
      status: 'parked',
      reason: 'open',
    });
  });

  test('a probe too needs a free place', () => {
    const state = makeState({ inFlight: 4, breaker: open(0) });
    expect(computeAdmission(state, returning, at(0))).toMatchObject({ status: 'parked', reason: 'open' });
  });
});

describe('isForgettable', () => {
  test.each<[name: string, state: EndpointLimiterState, expected: boolean]>([
    ['an idle endpoint', idleEndpoint, true],
    ['one with a delivery under way', makeState({ inFlight: 1 }), false],
    ['one with failures', makeState({ breaker: closed(1) }), false],
    ['one whose breaker is open', makeState({ breaker: open(-1) }), false],
    ['one with deliveries still parked', makeState({ parkedUntil: now + 1 }), false],
    ['one whose parked deliveries are back', makeState({ parkedUntil: now }), true],
  ])('%s: %s', (_, state, expected) => {
    expect(isForgettable(state, now)).toBe(expected);
  });
});
