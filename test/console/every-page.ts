import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { announceSettings } from '../../shared/store/processing-settings.ts';
import { recordDelivery } from '../../shared/store/verifications/record-delivery.ts';
import { makeRunToken } from '../../shared/store/verifications/run-token.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { acceptRecord } from '../support/records.ts';
import type { ConsoleUnderTest } from './console-under-test.ts';
import type { OpenConsole } from './open-console.ts';
import { storeSettled } from './stored-verifications.ts';

/** Something of everything that the pages show. */
export interface FilledConsole {
  readonly clientId: string;
  /** A verification whose event was given up. */
  readonly deadId: string;
  /** An endpoint to which nothing has been sent yet. */
  readonly endpointId: string;
  /** The addresses of all pages. */
  readonly addresses: readonly string[];
}

export async function fillConsole({ desk, storing }: OpenConsole): Promise<FilledConsole> {
  const make = async (settings: object) => {
    const answer = await desk.post('/console/api/clients', settings);
    return ((await answer.json()) as { id: string }).id;
  };
  const clientId = await make({
    name: 'Shop front',
    callbackUrl: 'https://shop.example/events',
    allowedOrigins: ['https://gone.example', 'https://slow.example'],
    weight: 250,
  });
  const polling = await make({ name: '收银台' });
  const endpointId = await fillReceivers(desk, clientId);
  const now = Date.now();
  for (let i = 0; i < 12; i += 1) {
    await storeSettled(storing, {
      clientId: i % 3 === 0 ? polling : clientId,
      reference: `order-${i}`,
      event: '{"type":"verification.completed","data":{"id":"x"}}',
      submittedAt: now - i * 90_000 - 5_000,
      outcome: outcomes[i % outcomes.length] ?? {},
    });
  }
  const deadId = await storeSettled(storing, {
    clientId,
    reference: 'order-19',
    delivery: 'dead',
    submittedAt: now - 60_000,
  });
  await desk.redis.hset(
    desk.keys.record(deadId),
    'event',
    '{"type":"verification.completed","data":{"id":"x"}}',
  );
  await acceptRecord(desk.redis, desk.keys, desk.settings.VERIQUEUE_KEYS, { clientId, reference: 'waits' });
  // It waits, so its client has a share of the quota.
  await desk.submitted();
  await fillEndpoints(desk, clientId, polling, deadId);
  await announceSettings(desk.redis, desk.keys, KEPT, now);
  await desk.post('/console/api/operator-endpoints', { url: 'https://alerts.example/veriqueue' });
  await desk.post('/console/api/operators', { name: 'chen.jie' });
  await desk.post('/console/api/operators', { name: '夜班审计', readOnly: true });
  await desk.post('/console/api/lane/pause', { reason: 'an audit' });
  await desk.post('/console/api/lane/resume');
  return {
    clientId,
    deadId,
    endpointId,
    addresses: [
      '#/overview',
      '#/verifications',
      `#/verifications/${deadId}`,
      '#/deliveries',
      '#/clients',
      `#/clients/${clientId}`,
      `#/clients/${clientId}/deliveries`,
      `#/clients/${clientId}/deliveries?endpoint=${endpointId}`,
      '#/usage',
      '#/operators',
      '#/activity',
      '#/activity/record',
    ],
  };
}

const KEPT = {
  retentionMs: 30 * DAY_MS,
  subjectTtlMs: 7 * DAY_MS,
  auditRetentionMs: 400 * DAY_MS,
  hasObjectStore: false,
  sharesLogs: true,
};

/** Endpoints beside the callback, and a key that the client made by itself. */
async function fillReceivers(desk: ConsoleUnderTest, clientId: string): Promise<string> {
  const path = `/console/api/clients/${clientId}`;
  const types = ['verification.completed', 'verification.deferred', 'delivery.dead'];
  const url = 'https://gone.example/events';
  const added = await desk.post(`${path}/endpoints`, { url, types, ratePerSecond: 2.5 });
  await desk.post(`${path}/endpoints`, { url: 'https://slow.example/events/of/the/whole/shop' });
  const made = await desk.post(`${path}/keys`, { scopes: ['manage', 'read'] });
  const { apiKey } = (await made.json()) as { apiKey: string };
  const test = await desk.post(`${path}/keys`, { scopes: ['manage'], test: true });
  const { apiKey: testKey } = (await test.json()) as { apiKey: string };
  const asClient = (method: string, to: string, body: object, key = apiKey) =>
    fetch(`${desk.url}/v1/${to}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await asClient('POST', 'api-keys', { scopes: ['read'], addresses: ['203.0.113.0/24'] });
  const auth = {
    headers: { 'X-Gateway-Token': 'synthetic' },
    basic: { username: 'shop', password: 'synthetic' },
  };
  await asClient('PATCH', 'callback', { auth });
  await asClient('POST', 'endpoints', { url: 'https://gone.example/of/tests', ratePerSecond: 1 }, testKey);
  return ((await added.json()) as { id: string }).id;
}

const outcomes = [
  {},
  {},
  { verdict: 'no_match', code: 'FailedOperation.CompareLowSimilarity' },
  { verdict: 'error', code: 'FailedOperation.UnKnown', billed: false },
] as const;

async function fillEndpoints(
  desk: ConsoleUnderTest,
  clientId: string,
  polling: string,
  id: string,
): Promise<void> {
  const { redis, keys } = desk;
  await disableEndpoint(redis, keys, `${clientId} https://gone.example`, Date.now());
  await redis.sadd(keys.deferringEndpoints(), `${polling} none`);
  await redis.zadd(keys.deferredDeliveries(`${polling} none`), 1, 'ver_1', 2, 'ver_2');
  for (let i = 0; i < 9; i += 1) {
    await recordDelivery(redis, keys, {
      run: makeRunToken(),
      id,
      status: 'retrying',
      nextAttemptAt: null,
      attempt: { at: new Date().toISOString(), durationMs: 41, status: 503, errorClass: null, answer: '' },
      now: Date.now(),
      keepUntil: null,
      endpoint: `${clientId} https://slow.example`,
    });
  }
  const hour = Math.floor(Date.now() / 3_600_000);
  for (let back = 0; back < 160; back += 3) {
    await redis.hset(
      keys.endpointHistory(`${clientId} https://shop.example`),
      `${hour - back}|accepted`,
      40 + (back % 17),
    );
  }
  await redis.zadd(keys.deadLetters(), Date.now(), id);
  await redis.hset(keys.record(id), 'deliveryStatus', 'dead');
}
