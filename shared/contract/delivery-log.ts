import { z } from 'zod';

/** One try to bring an event to its callback, as `GET /v1/verifications/{id}/deliveries` shows it. */
export const deliveryAttempt = z
  .strictObject({
    at: z.iso.datetime(),
    durationMs: z.number().int().nonnegative(),
    status: z.number().int().nullable().describe("the receiver's HTTP status; null when there was none"),
    errorClass: z.string().nullable().describe('why there was no answer'),
    answer: z.string().describe("the first 4 kB of the receiver's answer; kept for the last ten attempts"),
  })
  .meta({ id: 'DeliveryAttempt' });
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** `GET /v1/verifications/{id}/deliveries`, oldest first. */
export const deliveryLogPage = z.strictObject({ data: z.array(deliveryAttempt) }).meta({ id: 'DeliveryLog' });
export type DeliveryLog = z.infer<typeof deliveryLogPage>;
