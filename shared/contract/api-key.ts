import { z } from 'zod';
import { API_KEY_SCOPES } from './api-key-scope.ts';

export const apiKeyScope = z
  .enum(API_KEY_SCOPES)
  .describe(
    '`submit`: submit, cancel, erase, redeliver. `read`: see verifications, events, usage. `manage`: what belongs to the client itself, such as its keys',
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
  scopes: z.array(apiKeyScope),
  expiresAt: z.iso.datetime().nullable().describe('null: never'),
  addresses: z.array(z.string()).describe('where requests may come from; empty: anywhere'),
  lastUsedAt: z.iso.datetime().nullable().describe('up to a minute late; null: not since uses are noted'),
});
export type ShownApiKey = z.infer<typeof shownApiKey>;
