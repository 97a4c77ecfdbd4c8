import type { ApiKey, ApiKeyPage, CreatedApiKey, NewApiKey } from '../../shared/contract/api-key.ts';
import type { Callback, CallbackChange, SecretRotation } from '../../shared/contract/callback.ts';
import { receiverAuthChangeExample, receiverAuthExample } from './endpoint-examples.ts';

export const apiKeyExample: ApiKey = {
  prefix: 'vq_0a1b2c',
  scopes: ['submit', 'read'],
  expiresAt: '2030-06-30T00:00:00.000Z',
  addresses: ['203.0.113.7'],
  createdAt: '2030-01-31T07:00:00.000Z',
  lastUsedAt: '2030-01-31T08:00:00.000Z',
  current: false,
};

export const apiKeys: ApiKeyPage = { data: [apiKeyExample] };

export const newApiKeyExample: NewApiKey = {
  scopes: ['submit', 'read'],
  expiresAt: '2030-06-30T00:00:00Z',
  addresses: ['203.0.113.7'],
};

/** No key by its checksum, so that no scanner takes it for one. */
export const createdApiKeyExample: CreatedApiKey = {
  ...apiKeyExample,
  lastUsedAt: null,
  apiKey: `vq_0a1b2c${'0'.repeat(66)}`,
};

export const callbackExample: Callback = {
  url: 'https://shop.example/events',
  allowedOrigins: ['https://shop.example'],
  secrets: [{ signsUntil: null }],
  auth: { ...receiverAuthExample, origin: 'https://shop.example' },
};

export const callbackChangeExample: CallbackChange = {
  url: 'https://shop.example/events',
  auth: receiverAuthChangeExample,
};

export const secretRotationExample: SecretRotation = { overlapSeconds: 86_400 };
