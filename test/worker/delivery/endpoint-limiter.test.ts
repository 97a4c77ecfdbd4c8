import { describe, expect, test } from 'vitest';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import { defaultEndpointPolicy } from '../../../worker/delivery/endpoint-admission.ts';
import { createEndpointLimiter } from '../../../worker/delivery/endpoint-limiter.ts';
import { createRandom, percentile, type Simulation, simulate } from './delivery-pool-simulation.ts';

const ok = (durationMs = 50): DeliveryResult => ({ result: 'accepted', status: 200, durationMs, answer: '' });
const hung: DeliveryResult = { result: 'unreachable', errorClass: 'timeout', durationMs: 15_000 };
const policy = { ...defaultEndpointPolicy, maxInFlight: 2 };
const fresh = { parkedBefore: false };

function makeLimiter() {
  const clock = { now: 1_000 };
  const changes: string[] = [];
  const limiter = createEndpointLimiter({
    policy,
    now: () => clock.now,
    random: () => 0,
    onBreakerChange: (endpoint, status) => changes.push(`${endpoint} ${status}`),
  });
  const admit = (endpoint: string) => {
    const admission = limiter.enter(endpoint, fresh);
    if (admission.status !== 'admitted') throw new Error(`Cannot test: ${endpoint} must admit`);
    return admission;
  };
  const failTimes = (endpoint: string, times: number) => {
    for (const _ of Array.from({ length: times })) admit(endpoint).release(hung);
  };
  return { limiter, clock, changes, admit, failTimes };
}

describe('the endpoint limiter', () => {
  test('a full endpoint parks its own deliveries and no others', () => {
    const { limiter, admit } = makeLimiter();
    admit('slow');
    admit('slow');
    expect(limiter.enter('slow', fresh)).toMatchObject({ status: 'parked', reason: 'full' });
    expect(limiter.enter('quick', fresh)).toMatchObject({ status: 'admitted' });
    expect(limiter.count()).toEqual({ inFlight: 3, open: 0 });
  });

  test('settling twice frees one place only', () => {
    const { limiter, admit } = makeLimiter();
    const first = admit('slow');
    admit('slow');
    first.release(ok());
    first.release(ok());
    admit('slow');
    expect(limiter.enter('slow', fresh)).toMatchObject({ status: 'parked' });
  });

  test('an endpoint that stops answering is announced once, and once more when it answers again', () => {
    const { limiter, clock, changes, admit, failTimes } = makeLimiter();
    failTimes('down', 5);
    expect(limiter.enter('down', fresh)).toMatchObject({ status: 'parked', reason: 'open' });
    expect(limiter.count()).toEqual({ inFlight: 0, open: 1 });
    clock.now += 5_000;
    admit('down').release(hung);
    clock.now += 10_000;
    admit('down').release(ok());
    expect(changes).toEqual(['down open', 'down closed']);
    expect(limiter.count()).toEqual({ inFlight: 0, open: 0 });
  });

  test('an endpoint nothing is known about takes no memory', () => {
    const { limiter, admit } = makeLimiter();
    for (const name of Array.from({ length: 1_000 }).keys()) admit(`endpoint ${name}`).release(ok());
    expect(limiter.count()).toEqual({ inFlight: 0, open: 0 });
  });
});

/** 200 deliveries a second, evenly over a hundred endpoints, for a minute, with a pool of 32. */
function hundredEndpoints(hungEndpoint: string | null): Simulation {
  const random = createRandom(7);
  return {
    workers: 32,
    policy: { ...defaultEndpointPolicy, maxInFlight: 4 },
    arrivals: Array.from({ length: 12_000 }, (_, index) => ({
      at: index * 5,
      endpoint: `endpoint ${Math.floor(random() * 100)}`,
    })),
    answer: (endpoint) => (endpoint === hungEndpoint ? hung : ok(40 + Math.floor(random() * 40))),
    retryMs: 5_000,
    untilMs: 60_000,
  };
}

describe('a pool behind the limiter, in virtual time', () => {
  test('one endpoint that hangs for 15 s per request leaves the p99 of ninety-nine others within twice what it was', () => {
    const others = (run: ReturnType<typeof simulate>) =>
      run.deliveries.filter(({ endpoint, arrivedAt }) => endpoint !== 'endpoint 0' && arrivedAt < 59_000);
    const calm = simulate(hundredEndpoints(null));
    const troubled = simulate(hundredEndpoints('endpoint 0'));
    expect(percentile(others(calm), 0.99)).toBeLessThan(100);
    expect(percentile(others(troubled), 0.99)).toBeLessThanOrEqual(2 * percentile(others(calm), 0.99));
    expect(troubled.worstByEndpoint.get('endpoint 0')).toBe(4);
  });

  test('without the cap and the breaker the same endpoint would stop everybody', () => {
    const setting = hundredEndpoints('endpoint 0');
    const policyWithout = { ...setting.policy, maxInFlight: 32, failuresToOpen: Number.POSITIVE_INFINITY };
    const run = simulate({ ...setting, policy: policyWithout });
    const others = run.deliveries.filter(({ endpoint }) => endpoint !== 'endpoint 0');
    expect(percentile(others, 0.99)).toBeGreaterThan(1_000);
  });

  test('being parked uses up no attempt, and returns stay few', () => {
    const { deliveries } = simulate(hundredEndpoints('endpoint 0'));
    const ofHung = deliveries.filter(({ endpoint }) => endpoint === 'endpoint 0');
    const attempts = ofHung.reduce((sum, delivery) => sum + delivery.attempts, 0);
    const parked = ofHung.reduce((sum, delivery) => sum + delivery.parked, 0);
    // Four at a time for the first 15 s and again until the breaker opens, then one probe at a time.
    expect(attempts).toBeLessThan(20);
    expect(parked / ofHung.length).toBeLessThan(10);
  });

  test('when the endpoint is back, those that waited are served although new ones keep coming', () => {
    const random = createRandom(3);
    const run = simulate({
      workers: 8,
      policy: { ...defaultEndpointPolicy, maxInFlight: 4 },
      // 60 a second, of the 80 a second that four at a time with 50 ms each can do.
      arrivals: Array.from({ length: 18_000 }, (_, index) => ({
        at: (index * 1_000) / 60,
        endpoint: 'only',
      })),
      answer: (_, at) => (at < 30_000 ? hung : ok(40 + Math.floor(random() * 20))),
      retryMs: 5_000,
      untilMs: 400_000,
    });
    const waited = run.deliveries.filter(({ arrivedAt }) => arrivedAt < 30_000);
    expect(run.deliveries.filter(({ deliveredAt }) => deliveredAt === null)).toEqual([]);
    // A backlog of 1,800 over a surplus of 20 a second is 90 s at the very best, breaker and returns not counted.
    expect(percentile(waited, 1)).toBeLessThan(300_000);
    expect(run.worstByEndpoint.get('only')).toBe(4);
  });
});
