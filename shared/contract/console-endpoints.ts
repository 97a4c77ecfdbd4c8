import { z } from 'zod';
import { endpoint, endpointChange, newEndpoint } from './endpoint.ts';
import { receiverAuth } from './receiver-auth.ts';
import { testDelivery } from './test-delivery.ts';

const data = z.array(endpoint);

/** Where the events of a client's test keys go: what it set with one of these, and nothing of the live lane. */
const testReceivers = z.strictObject({
  callbackUrl: z.string().nullable(),
  callbackAuth: receiverAuth.nullable(),
  data,
});
export type ConsoleTestReceivers = z.infer<typeof testReceivers>;

/** `GET /console/api/clients/{client}/endpoints`: where a client's events go beside its callback. */
export const consoleClientEndpoints = z.strictObject({
  data,
  most: z.number().int().nonnegative().describe('that it may have'),
  callbackAuth: receiverAuth
    .nullable()
    .describe('what is sent to its callback beside the signature; null: nothing'),
  test: testReceivers
    .nullable()
    .describe('of its test keys; null: it never had one, or this deployment has no lane for them'),
});
export type ConsoleClientEndpoints = z.infer<typeof consoleClientEndpoints>;

/** An operator gives no secrets of a receiver: they are its client's. */
export const newEndpointRequest = newEndpoint.omit({ auth: true });
export const changedEndpointRequest = endpointChange.omit({ auth: true });

export const consoleTestDelivery = testDelivery.omit({ answer: true });
export type ConsoleTestDelivery = z.infer<typeof consoleTestDelivery>;
