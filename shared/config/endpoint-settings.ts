import { wholeNumber } from './shapes.ts';

/** Of producers. */
export const endpointSettings = {
  CLIENT_MAX_ENDPOINTS: wholeNumber({ min: 0, max: 100 })
    .prefault('5')
    .describe('Endpoints that one client may have beside its callback. 0 offers none.'),
};
