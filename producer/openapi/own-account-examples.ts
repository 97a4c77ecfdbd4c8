import type { ApiKey, ApiKeyPage, CreatedApiKey, NewApiKey } from '../../shared/contract/api-key.ts';
import type { Callback, CallbackChange, SecretRotation } from '../../shared/contract/callback.ts';
import type { RedeliveryProgress, RedeliveryRange } from '../../shared/contract/redelivery-range.ts';
import type { TestDelivery } from '../../shared/contract/test-delivery.ts';
import { receiverAuthChangeExample, receiverAuthExample } from './endpoint-examples.ts';

export const apiKeyExample: ApiKey = {
  prefix: 'vq_0a1b2c',
  scopes: ['submit', 'read'],
  expiresAt: '2030-06-30T00:00:00.000Z',
  addresses: ['203.0.113.7'],
  createdAt: '2030-01-31T07:00:00.000Z',
  madeWith: 'vq_3d4e5f',
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

export const testDeliveryExample: TestDelivery = {
  webhookId: 'evt_01jz3n8k2hfq9v7w5x4t6s8r0p',
  url: 'https://shop.example/events',
  accepted: true,
  at: '2030-01-31T08:00:00.000Z',
  durationMs: 41,
  status: 204,
  errorClass: null,
  answer: '',
};

export const redeliveryRangeExample: RedeliveryRange = {
  from: '2030-01-31T06:00:00Z',
  until: '2030-01-31T08:00:00Z',
  deliveryStatus: 'dead',
};

export const redeliveryProgressExample: RedeliveryProgress = {
  redelivered: 17,
  notDue: 3,
  unanswered: 0,
  notAllowed: 0,
  missing: 0,
  nextCursor: null,
};
