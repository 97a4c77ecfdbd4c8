import { z } from 'zod';

/** One try to bring an event to its callback, as `GET /v1/verifications/{id}/deliveries` shows it. */
export const deliveryAttempt = z
  .strictObject({
    at: z.iso.datetime().describe('when it was sent: RFC 3339, UTC'),
    durationMs: z.number().int().nonnegative().describe('milliseconds until the answer was complete'),
    status: z.number().int().nullable().describe("the receiver's HTTP status; null when it gave no answer"),
    errorClass: z
      .string()
      .nullable()
      .describe('why it gave no answer, such as timeout or refused; null when it gave one'),
    answer: z.string().describe("the first 4 kB of the receiver's answer; kept for the last ten attempts"),
  })
  .meta({ id: 'DeliveryAttempt' });
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** `GET /v1/verifications/{id}/deliveries`, oldest first. */
export const deliveryLogPage = z
  .strictObject({ data: z.array(deliveryAttempt).describe('oldest first') })
  .meta({ id: 'DeliveryLog' });
export type DeliveryLog = z.infer<typeof deliveryLogPage>;
