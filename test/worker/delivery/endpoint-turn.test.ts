import { describe, expect, it } from 'vitest';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import { defaultEndpointPolicy } from '../../../worker/delivery/endpoint-admission.ts';
import { createEndpointGate, type EndpointGate } from '../../../worker/delivery/endpoint-gate.ts';

const endpoint = 'cli_one https://receiver.example';
const fresh = { parkedBefore: false };
const { maxInFlight } = defaultEndpointPolicy;
const quickly: DeliveryResult = { result: 'accepted', status: 204, durationMs: 5, answer: '' };

function makeGate(policy: Partial<typeof defaultEndpointPolicy> = {}) {
  const clock = { now: 1_000_000 };
  const gate = createEndpointGate({
    policy: { ...defaultEndpointPolicy, ...policy },
    now: () => clock.now,
    random: () => 0.5,
  });
  return { gate, clock };
}

/** Takes every place of the endpoint. */
function fill(gate: EndpointGate) {
  return Array.from({ length: maxInFlight }, () => {
    const entry = gate.enter(endpoint, fresh);
    if (entry.status !== 'admitted') throw new Error('an empty endpoint must admit');
    return entry;
  });
}

describe('a delivery that takes its turn at an endpoint', () => {
  it('enters at once where there is a place', async () => {
    const { gate } = makeGate();
    expect(await gate.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'admitted' });
  });

  it('waits for the next place of a quick endpoint instead of being parked', async () => {
    const { gate } = makeGate();
    const [first] = fill(gate);
    const turn = gate.enterInTurn(endpoint, fresh);
    first?.settle(quickly);
    expect(await turn).toMatchObject({ status: 'admitted' });
    expect(gate.count().inFlight).toBe(maxInFlight);
  });

  it('is served in the order of arrival, one for each place', async () => {
    const { gate } = makeGate();
    const inside = fill(gate);
    const served: number[] = [];
    const turns = [1, 2, 3].map((nth) => gate.enterInTurn(endpoint, fresh).then(() => served.push(nth)));
    for (const [i, turn] of turns.entries()) {
      inside[i]?.settle(quickly);
      await turn;
      expect(served).toEqual([1, 2, 3].slice(0, i + 1));
      expect(gate.count().inFlight).toBe(maxInFlight);
    }
  });

  it('is parked when no place has become free within the shortest parking time', async () => {
    const { gate, clock } = makeGate({ minParkMs: 120 });
    fill(gate);
    const turn = gate.enterInTurn(endpoint, fresh);
    expect(gate.count().inFlight).toBe(maxInFlight);
    clock.now += 121;
    expect(await turn).toMatchObject({ status: 'parked', reason: 'full' });
  });

  it('is parked at once where the endpoint has not moved for as long', async () => {
    const { gate, clock } = makeGate();
    fill(gate);
    clock.now += defaultEndpointPolicy.minParkMs + 1;
    expect(await gate.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'parked', reason: 'full' });
  });

  it('is parked at once where deliveries take longer than parking', async () => {
    const { gate } = makeGate();
    const inside = fill(gate);
    for (const entry of inside.slice(0, 4)) {
      entry.settle({ ...quickly, durationMs: 2_000 });
      gate.enter(endpoint, fresh);
    }
    expect(await gate.enterInTurn(endpoint, fresh)).toMatchObject({ status: 'parked', reason: 'full' });
  });
});
