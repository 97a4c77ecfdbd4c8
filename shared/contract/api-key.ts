import { z } from 'zod';
import { API_KEY_SCOPES } from './api-key-scope.ts';

export const apiKeyScope = z
  .enum(API_KEY_SCOPES)
  .describe(
    '`submit`: submit, cancel, erase. `read`: see verifications, events, usage; redeliver. `manage`: what belongs to the client itself, such as its keys',
  );

/** Addresses and ranges that one key may be limited to. */
export const MAX_KEY_ADDRESSES = 50;

/** What is asked for with a new key. */
export const newApiKeyRequest = z.strictObject({
  scopes: z.array(apiKeyScope).min(1).max(API_KEY_SCOPES.length).optional(),
  expiresAt: z.iso
    .datetime({ offset: true })
    .nullable()
    .optional()
    .describe('from when on the key is refused; null or left out: never'),
  addresses: z
    .array(z.string().min(1).max(50))
    .max(MAX_KEY_ADDRESSES)
    .optional()
    .describe('IP addresses and CIDR ranges that requests may come from; empty or left out: any'),
  test: z
    .boolean()
    .optional()
    .describe('a test key, whose verifications go to the sandbox and carry livemode false'),
});
export type NewApiKeyRequest = z.output<typeof newApiKeyRequest>;

/** A key as it is shown: never the key itself. */
export const shownApiKey = z.strictObject({
  prefix: z.string().describe('the visible beginning; it names the key to revoke'),
  createdAt: z.iso.datetime(),
  madeWith: z.string().nullable().describe('beginning of the key that made it; null: an operator did'),
  scopes: z.array(apiKeyScope),
  expiresAt: z.iso.datetime().nullable().describe('null: never'),
  addresses: z.array(z.string()).describe('where requests may come from; empty: anywhere'),
  lastUsedAt: z.iso.datetime().nullable().describe('up to a minute late; null: not since uses are noted'),
});
export type ShownApiKey = z.infer<typeof shownApiKey>;

/** `POST /v1/api-keys`: a client's own key makes another one, which may do no more than it does. */
export const newApiKey = newApiKeyRequest
  .omit({ test: true })
  .extend({
    scopes: newApiKeyRequest.shape.scopes.describe(
      'what it may do, of what the key may that asks; unless given, all of it',
    ),
    expiresAt: newApiKeyRequest.shape.expiresAt.describe(
      'from when on it is refused: no later than the key that asks; unless given, when that one is',
    ),
    addresses: newApiKeyRequest.shape.addresses.describe(
      'IP addresses and CIDR ranges that requests may come from, within those of the key that asks; unless given, the same',
    ),
  })
  .meta({ id: 'NewApiKey' });
export type NewApiKey = z.infer<typeof newApiKey>;

/** One of a client's keys, as its client sees it. */
export const apiKey = z
  .strictObject({
    prefix: z.string().describe('its visible beginning; it names the key to revoke'),
    scopes: z.array(apiKeyScope).describe('what it may do'),
    expiresAt: z.iso.datetime().nullable().describe('from when on it is refused; null: never'),
    addresses: z.array(z.string()).describe('where requests may come from; empty: anywhere'),
    createdAt: z.iso.datetime().describe('when it was made'),
    madeWith: z.string().nullable().describe('beginning of your key that made it; null: your operator did'),
    lastUsedAt: z.iso
      .datetime()
      .nullable()
      .describe('up to a minute late; null: not since uses are written down'),
    current: z.boolean().describe('whether it is the key of this request'),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKey>;

export const apiKeyPage = z
  .strictObject({ data: z.array(apiKey).describe('all of them, newest first') })
  .meta({ id: 'ApiKeys' });
export type ApiKeyPage = z.infer<typeof apiKeyPage>;

export const createdApiKey = z
  .strictObject({ ...apiKey.shape, apiKey: z.string().describe('`vq_…`: the key itself, shown once') })
  .meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.infer<typeof createdApiKey>;

/** `DELETE /v1/api-keys/{prefix}`. */
export const revokeKeyQuery = z.strictObject({
  evenLast: z
    .enum(['true', 'false'])
    .default('false')
    .describe(
      'true also revokes the last key with the scope `manage`: then only the operator can make another',
    ),
});
