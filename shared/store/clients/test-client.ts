import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';
import { generateTestKey } from '../../sealing/api-key.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import { generateWebhookSecret } from '../../sealing/webhook-secret.ts';
import type { StoreKeys } from '../keys.ts';
import type { ApiKeyGrant } from './api-key-record.ts';
import { addApiKey } from './api-keys.ts';
import { type Authenticated, authenticate } from './authenticate.ts';
import { secretContext } from './client.ts';
import { readSelfService, SELF_SERVICE_FIELDS } from './self-service.ts';
import { storeSecret } from './signing-secrets.ts';
import { noteClientWeight } from './weight-sum.ts';

/**
 * A client's test keys belong to its twin: a client of the same id in the test lane, with settings, limits and a webhook secret
 * of its own. So nothing of a test verification is among the keys of the live lane, and no event of one passes for a live one.
 */
export interface TestLane {
  readonly redis: Redis;
  /** Of the live lane, where the client is. */
  readonly keys: StoreKeys;
  readonly testKeys: StoreKeys;
}

export interface MadeTestKey {
  /** Shown once. */
  readonly apiKey: string;
  /** Signs the events of the test lane; shown once, with the client's first test key. */
  readonly webhookSecret: string | null;
}

/**
 * Gives a client one more test key, and its twin with the first one.
 *
 * @returns null when there is no such client
 */
export async function addTestKey(
  { redis, keys, testKeys, keyRing }: TestLane & { readonly keyRing: KeyRing },
  clientId: string,
  { now, grant }: { readonly now: number; readonly grant: ApiKeyGrant },
): Promise<MadeTestKey | null> {
  const [id, name, allowedOrigins, callbackUrl] = await redis.hmget(
    keys.client(clientId),
    'id',
    'name',
    'allowedOrigins',
    'callbackUrl',
  );
  if (!id) return null;
  const webhookSecret = generateWebhookSecret(randomBytes);
  const sealed = storeSecret(keyRing, secretContext(clientId), webhookSecret);
  const fields = {
    webhookSecrets: JSON.stringify([sealed]),
    id,
    name: name ?? '',
    createdAt: String(now),
    allowedOrigins: allowedOrigins ?? '[]',
    apiKeys: '[]',
    ...(callbackUrl ? { callbackUrl } : {}),
  };
  // As a whole or not at all: of two operators at once, the second finds the twin of the first.
  const twin = redis.multi();
  for (const [field, value] of Object.entries(fields)) twin.hsetnx(testKeys.client(clientId), field, value);
  twin.sadd(testKeys.testTwins(), clientId);
  const replies = await twin.exec();
  const failed = replies?.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
  await noteClientWeight(redis, testKeys, clientId);
  const target = { redis, keys: testKeys, clientId };
  const apiKey = await addApiKey(target, { now, grant, generate: generateTestKey });
  if (apiKey === null) return null;
  return { apiKey, webhookSecret: replies?.[0]?.[1] === 1 ? webhookSecret : null };
}

/** As {@link authenticate}, for a test key: a client that is disabled or deleted has no test keys either. */
export async function authenticateTest(
  { redis, keys, testKeys }: TestLane,
  apiKey: string,
): Promise<Authenticated | null> {
  const found = await authenticate(redis, testKeys, apiKey);
  if (found === null) return null;
  const place = keys.client(found.client.id);
  const [id, disabled, ...limits] = await redis.hmget(place, 'id', 'disabled', ...SELF_SERVICE_FIELDS);
  if (!id || disabled === '1') return null;
  // What the operator says of the client holds for its tests too.
  return { ...found, client: { ...found.client, selfService: readSelfService(limits) } };
}
