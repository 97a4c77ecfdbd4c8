import { z } from 'zod';
import { endpoint, endpointChange, newEndpoint } from './endpoint.ts';
import { receiverAuth } from './receiver-auth.ts';
import { testDelivery } from './test-delivery.ts';

/** `GET /console/api/clients/{client}/endpoints`: where a client's events go beside its callback. */
export const consoleClientEndpoints = z.strictObject({
  data: z.array(endpoint),
  most: z.number().int().nonnegative().describe('that it may have'),
  callbackAuth: receiverAuth
    .nullable()
    .describe('what is sent to its callback beside the signature; null: nothing'),
});
export type ConsoleClientEndpoints = z.infer<typeof consoleClientEndpoints>;

/** An operator gives no secrets of a receiver: they are its client's. */
export const newEndpointRequest = newEndpoint.omit({ auth: true });
export const changedEndpointRequest = endpointChange.omit({ auth: true });

export const consoleTestDelivery = testDelivery.omit({ answer: true });
export type ConsoleTestDelivery = z.infer<typeof consoleTestDelivery>;
