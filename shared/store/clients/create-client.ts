import { randomBytes } from 'node:crypto';
import { typeid } from 'typeid-js';
import { generateApiKey } from '../../sealing/api-key.ts';
import { generateWebhookSecret } from '../../sealing/webhook-secret.ts';
import { DEFAULT_GRANT, formatApiKeys, recordApiKey } from './api-key-record.ts';
import { type ClientStore, secretContext } from './client.ts';
import { storeSecret } from './signing-secrets.ts';
import { noteClientWeight } from './weight-sum.ts';

export interface ClientCredentials {
  readonly clientId: string;
  /** Shown once; only its hash is kept. */
  readonly apiKey: string;
  /** Kept sealed, because every event is signed with it. */
  readonly webhookSecret: string;
}

export interface NewClient {
  readonly name: string;
  readonly callbackUrl?: string;
  readonly allowedOrigins: readonly string[];
  /** @default 100 */
  readonly weight?: number;
  /** ms epoch */
  readonly now: number;
}

export function generateCredentials(): ClientCredentials {
  return {
    clientId: typeid('cli').toString(),
    apiKey: generateApiKey(randomBytes),
    webhookSecret: generateWebhookSecret(randomBytes),
  };
}

/** Makes a client and returns its credentials, which cannot be read back later. */
export async function createClient(store: ClientStore, client: NewClient): Promise<ClientCredentials> {
  const credentials = generateCredentials();
  await storeClient(store, client, credentials);
  return credentials;
}

/** Writes a client under known credentials, in one step and over whatever stood there. */
export async function storeClient(
  { redis, keys, keyRing }: ClientStore,
  client: NewClient,
  { clientId, apiKey, webhookSecret }: ClientCredentials,
): Promise<void> {
  const record = recordApiKey(apiKey, DEFAULT_GRANT, { now: client.now, madeWith: null });
  const stored = storeSecret(keyRing, secretContext(clientId), webhookSecret);
  const replies = await redis
    .multi()
    .del(keys.client(clientId))
    .hset(keys.client(clientId), {
      id: clientId,
      name: client.name,
      createdAt: String(client.now),
      allowedOrigins: JSON.stringify(client.allowedOrigins),
      apiKeys: formatApiKeys('apiKeys', [record]),
      webhookSecrets: JSON.stringify([stored]),
      ...(client.callbackUrl === undefined ? {} : { callbackUrl: client.callbackUrl }),
      ...(client.weight === undefined ? {} : { weight: String(client.weight) }),
    })
    .hset(keys.apiKeys(), record.hash, clientId)
    .exec();
  const failed = replies?.find(([error]) => error !== null);
  if (failed?.[0]) throw failed[0];
  await noteClientWeight(redis, keys, clientId);
}
