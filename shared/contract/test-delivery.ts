import { z } from 'zod';
import { deliveryAttempt } from './delivery-log.ts';

/** What came of a `webhook.test` event: it is sent once, and is in no log and no feed. */
export const testDelivery = z
  .strictObject({
    webhookId: z.string().describe('the `webhook-id` under which it was sent'),
    url: z.string().describe('where it was sent'),
    accepted: z.boolean().describe('whether the receiver answered 2xx'),
    ...deliveryAttempt.shape,
    answer: z.string().describe("the first 4 kB of the receiver's answer"),
  })
  .meta({ id: 'TestDelivery' });
export type TestDelivery = z.infer<typeof testDelivery>;
