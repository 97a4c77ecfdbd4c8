import type {
  CreatedEndpoint,
  Endpoint,
  EndpointChange,
  EndpointPage,
  NewEndpoint,
  RotatedSecret,
} from '../../shared/contract/endpoint.ts';

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
  createdAt: '2030-01-31T07:00:00.000Z',
};

export const endpoints: EndpointPage = { data: [endpointExample] };

export const newEndpointExample: NewEndpoint = {
  url: 'https://audit.shop.example/events',
  types: ['verification.completed', 'verification.failed'],
  ratePerSecond: 10,
  after: 0,
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
