import { wholeNumber } from './shapes.ts';

/** Of producers. */
export const endpointSettings = {
  CLIENT_MAX_ENDPOINTS: wholeNumber({ min: 0, max: 100 })
    .prefault('5')
    .describe('Endpoints that one client may have beside its callback. 0 offers none.'),
  CLIENT_MAX_API_KEYS: wholeNumber({ min: 1, max: 1_000 })
    .prefault('20')
    .describe(
      'API keys that a client may have before it can make no more [by itself](api-keys.md#your-own-keys); as many test keys besides.',
    ),
};
