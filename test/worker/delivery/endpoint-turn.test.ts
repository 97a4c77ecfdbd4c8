import { describe, expect, it } from 'vitest';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import { defaultEndpointPolicy } from '../../../worker/delivery/endpoint-admission.ts';
import { createEndpointLimiter, type EndpointLimiter } from '../../../worker/delivery/endpoint-limiter.ts';

const endpoint = 'cli_one https://receiver.example';
const fresh = { parkedBefore: false };
const { maxInFlight } = defaultEndpointPolicy;
const quickly: DeliveryResult = { result: 'accepted', status: 204, durationMs: 5, answer: '' };

function makeLimiter(policy: Partial<typeof defaultEndpointPolicy> = {}) {
  const clock = { now: 1_000_000 };
  const limiter = createEndpointLimiter({
    policy: { ...defaultEndpointPolicy, ...policy },
    now: () => clock.now,
    random: () => 0.5,
  });
  return { limiter, clock };
}

/** Takes every place of the endpoint. */
function fill(limiter: EndpointLimiter) {
  return Array.from({ length: maxInFlight }, () => {
    const entry = limiter.enter(endpoint, fresh);
    if (entry.status !== 'admitted') throw new Error('an empty endpoint must admit');
    return entry;
  });
}

describe('a delivery that takes its turn at an endpoint', () => {
  it('enters at once where there is a place', async () => {
    const { limiter } = makeLimiter();
    expect(await limiter.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'admitted' });
  });

  it('waits for the next place of a quick endpoint instead of being parked', async () => {
    const { limiter } = makeLimiter();
    const [first] = fill(limiter);
    const turn = limiter.enterInTurn(endpoint, fresh);
    first?.release(quickly);
    expect(await turn).toMatchObject({ status: 'admitted' });
    expect(limiter.count().inFlight).toBe(maxInFlight);
  });

  it('is served in the order of arrival, one for each place', async () => {
    const { limiter } = makeLimiter();
    const inside = fill(limiter);
    const served: number[] = [];
    const turns = [1, 2, 3].map((nth) => limiter.enterInTurn(endpoint, fresh).then(() => served.push(nth)));
    for (const [i, turn] of turns.entries()) {
      inside[i]?.release(quickly);
      await turn;
      expect(served).toEqual([1, 2, 3].slice(0, i + 1));
      expect(limiter.count().inFlight).toBe(maxInFlight);
    }
  });

  it('is parked when no place has become free within the shortest parking time', async () => {
    const { limiter, clock } = makeLimiter({ minParkMs: 120 });
    fill(limiter);
    const turn = limiter.enterInTurn(endpoint, fresh);
    expect(limiter.count().inFlight).toBe(maxInFlight);
    clock.now += 121;
    expect(await turn).toMatchObject({ status: 'parked', reason: 'full' });
  });

  it('is parked at once where the endpoint has not moved for as long', async () => {
    const { limiter, clock } = makeLimiter();
    fill(limiter);
    clock.now += defaultEndpointPolicy.minParkMs + 1;
    expect(await limiter.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'parked', reason: 'full' });
  });

  it('is parked at once where deliveries take longer than parking', async () => {
    const { limiter } = makeLimiter();
    const inside = fill(limiter);
    for (const entry of inside.slice(0, 4)) {
      entry.release({ ...quickly, durationMs: 2_000 });
      limiter.enter(endpoint, fresh);
    }
    expect(await limiter.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'parked', reason: 'full' });
  });
});
