import { z } from 'zod';
import { listQuery } from './submission.ts';
import { deliveryStatus, sequence, verificationId } from './verification.ts';

/** `GET /v1/deliveries`. */
export const eventDeliveryQuery = listQuery
  .pick({ submittedFrom: true, submittedBefore: true, limit: true, cursor: true })
  .extend({
    endpoint: z
      .string()
      .regex(/^(?:callback|ep_[0-9a-z]{26})$/)
      .default('callback')
      .describe('where they go: `callback`, or the id of an endpoint (`ep_…`)'),
    status: deliveryStatus.optional().describe('in this state only'),
  });
export type EventDeliveryQuery = z.output<typeof eventDeliveryQuery>;

/** One event on its way to your callback or one of your endpoints. */
export const eventDelivery = z
  .strictObject({
    eventId: z.string().describe('the `webhook-id` under which it is delivered'),
    type: z.string().describe('the type of the event'),
    sequence: sequence
      .nullable()
      .describe('its number among your events; null where an earlier version made it'),
    verification: verificationId.nullable().describe('what it is about; null for an event about none'),
    endpoint: z
      .string()
      .nullable()
      .describe('where it goes: an endpoint (`ep_…`), or null for your callback'),
    status: deliveryStatus.describe(
      'pending: it has not been sent yet; retrying: an attempt failed, and another follows; held: it waits until what is in its way is gone; dead: it was given up; at an endpoint it is never delivering',
    ),
    attempts: z
      .number()
      .int()
      .nonnegative()
      .nullable()
      .describe('how often it was sent; null where that is not kept: at an endpoint, once it is past it'),
    lastAttempt: z
      .strictObject({
        at: z.iso.datetime().describe('when it was made: RFC 3339, UTC'),
        status: z.number().int().nullable().describe('the HTTP status; null without one'),
        errorClass: z.string().nullable().describe('why there is no status'),
      })
      .nullable()
      .describe(
        'the latest; null without one, and at an endpoint for any event but the one that was sent last',
      ),
    nextAttemptAt: z.iso.datetime().nullable().describe('when it is sent again: RFC 3339, UTC'),
  })
  .meta({ id: 'EventDelivery' });
export type EventDelivery = z.infer<typeof eventDelivery>;

export const eventDeliveryPage = z
  .strictObject({
    data: z.array(eventDelivery).describe('newest first'),
    nextCursor: z.string().nullable().describe('pass it as `cursor` for the next page; null on the last one'),
  })
  .meta({ id: 'EventDeliveryPage' });
export type EventDeliveryPage = z.infer<typeof eventDeliveryPage>;
