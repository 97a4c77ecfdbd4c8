import { beforeEach, describe, expect, test } from 'vitest';
import { reduceEndpointHealth } from '../../../shared/store/endpoints/endpoint-health.ts';
import type { StoreKeys } from '../../../shared/store/keys.ts';
import { recordDelivery } from '../../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../../shared/store/verifications/run-token.ts';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';
import { createEndpointStore, type EndpointStore } from '../../../worker/delivery/endpoint-store.ts';
import { useTestLane } from '../../support/lane.ts';
import { acceptRecord } from '../../support/records.ts';

const endpoint = 'client_test https://hooks.example.com';
const gone: DeliveryResult = {
  result: 'refused',
  status: 410,
  retryAfterMs: null,
  durationMs: 5,
  answer: '',
};
const fiveMinutesMs = 300_000;

const lane = useTestLane();
let keys: StoreKeys;
let clock: number;
let stores: readonly [EndpointStore, EndpointStore];
/** Two workers of one lane. */
beforeEach(async () => {
  keys = lane.freshKeys();
  clock = Date.now();
  const makeStore = async () => createEndpointStore(await lane.connect(), keys, () => clock);
  stores = [await makeStore(), await makeStore()];
});

const hearGone = (store: EndpointStore) =>
  store.change(endpoint, (health) => reduceEndpointHealth(health, gone, clock));
/** As it is stored. */
const known = async (): Promise<unknown> =>
  JSON.parse((await lane.redis.get(keys.endpointHealth(endpoint))) ?? 'null');

async function deliverTo(recovered: string): Promise<void> {
  const id = await acceptRecord(lane.redis, keys, lane.keyRing);
  const state = { id, status: 'delivered', nextAttemptAt: null, attempt: null, keepUntil: clock } as const;
  expect(
    await recordDelivery(lane.redis, keys, { ...state, run: makeRunToken(), now: clock, recovered }),
  ).toBe('recorded');
}

describe('the health of an endpoint that several workers deliver to', () => {
  test('builds on what another worker has just heard, not on what this one read a moment ago', async () => {
    const [one, other] = stores;
    expect(await other.read(endpoint)).toEqual({ status: 'healthy' });
    await hearGone(one);
    clock += 500;
    expect(await other.read(endpoint)).toEqual({ status: 'healthy' });
    expect((await hearGone(other)).after).toMatchObject({ status: 'failing', goneSince: clock - 500 });
  });

  test('is disabled once, however many failures come to it at the same time', async () => {
    await hearGone(stores[0]);
    clock += fiveMinutesMs;
    const changes = await Promise.all(Array.from({ length: 40 }, (_, i) => hearGone(stores[i % 2 ? 1 : 0])));
    expect(changes.filter(({ before }) => before.status !== 'disabled')).toHaveLength(1);
    expect(changes.every(({ after }) => after.status === 'disabled')).toBe(true);
    expect(await known()).toMatchObject({ status: 'held', reason: 'gone', heldAt: clock });
  });

  test('is good again after one event that it took, although the worker believed it had been all the time', async () => {
    const [one, other] = stores;
    await other.read(endpoint);
    await hearGone(one);
    await deliverTo(endpoint);
    expect(await known()).toBeNull();
    clock += fiveMinutesMs;
    expect((await hearGone(one)).after.status).toBe('failing');
  });

  test('stays held when an event that was under way is taken', async () => {
    await hearGone(stores[0]);
    clock += fiveMinutesMs;
    await hearGone(stores[0]);
    await deliverTo(endpoint);
    expect(await known()).toMatchObject({ status: 'held' });
  });

  test('of another endpoint is left alone', async () => {
    await hearGone(stores[0]);
    await deliverTo('client_test https://other.example.com');
    expect(await known()).toMatchObject({ status: 'failing' });
  });
});
