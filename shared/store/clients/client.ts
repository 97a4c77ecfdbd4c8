import type { Redis } from 'ioredis';
import { z } from 'zod';
import { namesOfFields } from '../../contract/field-names.ts';
import { jsonText } from '../../contract/json-text.ts';
import type { KeyRing } from '../../sealing/key-ring.ts';
import type { WrapContext } from '../../sealing/key-wrap.ts';
import type { StoreKeys } from '../keys.ts';
import { type PushEndpoint, storedEndpoints } from '../push/push-endpoint.ts';
import { scopedKeysText, storedApiKeys } from './api-key-record.ts';
import { type Budget, budgetOf, storedBudget, storedLimit } from './client-limits.ts';
import { storedWeight } from './client-weight.ts';
import { CALLBACK, type StoredReceiverAuth, storedReceiverAuths } from './receiver-auth.ts';
import { type SelfService, selfServiceOf, storedSelfService } from './self-service.ts';
import { openSecrets, type StoredSecret, storedSecret } from './signing-secrets.ts';

/** An application that submits verifications and receives their events. */
export interface Client {
  readonly id: string;
  readonly name: string;
  /** Where events go when a verification names no callback of its own; null: nowhere, the client polls. */
  readonly callbackUrl: string | null;
  /** Origins a verification's own callback may have; `*` alone stands for any. */
  readonly allowedOrigins: readonly string[];
  /** `whsec_…`, newest first; while a secret rotates there are several, and each signs. */
  readonly webhookSecrets: readonly string[];
  /** Receivers beside its callback, each with its secrets as they are at rest. */
  readonly endpoints: readonly ClientEndpoint[];
  /** What its callback asks for beside the signature, as it is at rest. */
  readonly callbackAuth: StoredReceiverAuth | undefined;
  readonly disabled: boolean;
  /** 1 to 1000: its part of the quota while others wait too. */
  readonly weight: number;
  /** Of its verifications, how many may be without an outcome; 0: any number; null: as many as `CLIENT_MAX_WAITING` says. */
  readonly maxWaiting: number | null;
  /** Null: any number of its calls may be billed. */
  readonly budget: Budget | null;
  readonly selfService: SelfService;
  /** It chose its callback URL itself: then its origin must be registered, as that of any other address of the client's. */
  readonly choseCallback: boolean;
}

export interface ClientEndpoint extends PushEndpoint {
  /** What it asks for beside the signature, as it is at rest. */
  readonly auth: StoredReceiverAuth | undefined;
}

/** What a request needs to know of its client: no secret. */
export type ClientIdentity = Omit<Client, 'webhookSecrets' | 'endpoints' | 'callbackAuth'>;

export interface ClientStore {
  readonly redis: Redis;
  readonly keys: StoreKeys;
  readonly keyRing: KeyRing;
}

/** Any origin: for a development client, whose receivers come and go on ports of their own. */
export const ANY_ORIGIN = '*';

const webhookSecretsJson = jsonText(z.array(storedSecret));

/** The client's hash in Redis. */
export const storedClient = z.object({
  id: z.string(),
  name: z.string(),
  callbackUrl: z.string().optional(),
  allowedOrigins: jsonText(z.array(z.string())),
  apiKeys: storedApiKeys,
  scopedKeys: scopedKeysText.default([]),
  webhookSecrets: webhookSecretsJson,
  disabled: z.literal('1').optional(),
  weight: storedWeight,
  maxWaiting: storedLimit,
  ...storedBudget,
  ...storedSelfService,
  callbackBy: z.literal('client').optional().catch(undefined),
  endpoints: storedEndpoints,
  receiverAuth: storedReceiverAuths,
});
export type StoredClient = z.infer<typeof storedClient>;

/** One field by itself, for those who change it. @throws ZodError */
export const parseWebhookSecrets = (text: string): StoredSecret[] => webhookSecretsJson.parse(text);

export function identifyClient(stored: StoredClient): ClientIdentity {
  return {
    id: stored.id,
    name: stored.name,
    callbackUrl: stored.callbackUrl ?? null,
    allowedOrigins: stored.allowedOrigins,
    disabled: stored.disabled === '1',
    weight: stored.weight,
    maxWaiting: stored.maxWaiting,
    budget: budgetOf(stored),
    selfService: selfServiceOf(stored),
    choseCallback: stored.callbackBy === 'client',
  };
}

export const secretContext = (clientId: string): WrapContext => ({
  owner: clientId,
  purpose: 'webhook-secret',
});

export type ClientReading =
  | { readonly status: 'found'; readonly client: Client }
  | { readonly status: 'missing' }
  /** Names of fields, or `webhookSecrets` when the key ring opens none of them; never values. */
  | { readonly status: 'unreadable'; readonly fields: readonly string[] };

/**
 * One client with its signing secrets in clear.
 *
 * @param now ms epoch; decides which rotated secrets still sign
 */
export async function readClient(
  { redis, keys, keyRing }: ClientStore,
  clientId: string,
  now: number,
): Promise<ClientReading> {
  const hash = await redis.hgetall(keys.client(clientId));
  if (Object.keys(hash).length === 0) return { status: 'missing' };
  const parsed = storedClient.safeParse(hash);
  if (!parsed.success) {
    return { status: 'unreadable', fields: namesOfFields(parsed.error) };
  }
  const webhookSecrets = openSecrets(keyRing, secretContext(clientId), parsed.data.webhookSecrets, now);
  if (webhookSecrets.length === 0) return { status: 'unreadable', fields: ['webhookSecrets'] };
  const { endpoints = [], receiverAuth = {} } = parsed.data;
  return {
    status: 'found',
    client: {
      ...identifyClient(parsed.data),
      webhookSecrets,
      endpoints: endpoints.map((each) => ({ ...each, auth: receiverAuth[each.id] })),
      callbackAuth: receiverAuth[CALLBACK],
    },
  };
}
