import type {
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  EndpointPage,
  NewEndpoint,
  RotatedSecret,
} from '../../shared/contract/endpoint.ts';
import type { EventDeliveryPage } from '../../shared/contract/event-delivery.ts';
import type { ReceiverAuth, ReceiverAuthChange } from '../../shared/contract/receiver-auth.ts';

export const receiverAuthExample: ReceiverAuth = {
  origin: 'https://audit.shop.example',
  headers: ['x-gateway-token'],
  basic: false,
  clientCertificate: {
    fingerprint: '8ea1f0e8ae1b1b9e3f5ab6a6f34bb2f7c1d9f2a0b6d4c3e2f1a09b8c7d6e5f40',
    expiresAt: '2030-12-31T00:00:00.000Z',
    expiresSoon: false,
  },
};

export const receiverAuthChangeExample: ReceiverAuthChange = {
  headers: { 'x-gateway-token': 'the token that the gateway asks for' },
};

export const endpointExample: Endpoint = {
  id: 'ep_01jz3n8k2hfq9v7w5x4t6s8r0p',
  url: 'https://audit.shop.example/events',
  types: ['verification.completed', 'verification.failed'],
  ratePerSecond: 10,
  status: 'active',
  after: 4_032,
  attempts: 0,
  nextAttemptAt: null,
  dead: 0,
  latest: { at: '2030-01-31T08:00:01.000Z', sequence: 4_032, status: 204, errorClass: null },
  auth: receiverAuthExample,
  createdAt: '2030-01-31T07:00:00.000Z',
};

export const endpoints: EndpointPage = { data: [endpointExample] };

export const newEndpointExample: NewEndpoint = {
  url: 'https://audit.shop.example/events',
  types: ['verification.completed', 'verification.failed'],
  ratePerSecond: 10,
  after: 0,
  auth: receiverAuthChangeExample,
};

export const endpointChangeExample: EndpointChange = { enabled: true, after: 4_000 };

export const createdEndpoint: CreatedEndpoint = {
  ...endpointExample,
  secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
};

export const rotatedSecret: RotatedSecret = {
  secret: 'whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=',
  previousSignsUntil: '2030-02-01T08:00:00.000Z',
};

export const eventDeliveries: EventDeliveryPage = {
  data: [
    {
      eventId: 'evt_01jz3n8k2hfq9v7w5x4t6s8r0p',
      type: 'verification.completed',
      sequence: 4_032,
      verification: 'ver_01jz3n8k2hfq9v7w5x4t6s8r0p',
      endpoint: null,
      status: 'retrying',
      attempts: 2,
      lastAttempt: { at: '2030-01-31T08:00:05.000Z', status: 503, errorClass: null },
      nextAttemptAt: '2030-01-31T08:05:11.000Z',
    },
  ],
  nextCursor: null,
};
