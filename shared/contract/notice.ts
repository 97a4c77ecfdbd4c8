import { z } from 'zod';
import { noticeTypes } from './event-type.ts';
import { openText } from './open-text.ts';
import { outcomeCodes } from './outcome-codes.ts';
import { sequence, verificationId } from './verification.ts';

const instant = z.iso.datetime();
const timestamp = instant.describe('when the event came to be, not when it was sent: RFC 3339, UTC');
const number = sequence.describe('its number among your events, which go up by one');
const eventId = z.string().describe('the `webhook-id` under which it is delivered');

/** An attempt of its own has failed, and it is asked about again. */
export const verificationNotice = z
  .strictObject({
    type: z
      .enum([noticeTypes.deferred, noticeTypes.retrying])
      .describe(
        'verification.retrying: an attempt failed for a reason that may pass; verification.deferred: the upstream refused an attempt because it was asked about this person too often',
      ),
    timestamp,
    data: z
      .strictObject({
        id: verificationId.describe('the verification'),
        status: z.enum(['deferred', 'retrying']).describe('as it was then'),
        livemode: z.boolean().describe('true only if the real upstream is asked'),
        reference: z.string().nullable().describe('your own name for it, as submitted; null without one'),
        code: openText(outcomeCodes).describe('what the attempt came to; GET /v1/outcomes explains each'),
        attempts: z.number().int().positive().describe('those that count so far, this one included'),
        nextAttemptAt: instant.describe('it is asked about again then, at the earliest: RFC 3339, UTC'),
      })
      .describe('how it stands'),
    sequence: number,
  })
  .meta({ id: 'VerificationNotice' });
export type VerificationNotice = z.infer<typeof verificationNotice>;

/** An event was given up, because every attempt to deliver it had failed. */
export const deliveryDead = z
  .strictObject({
    type: z.literal(noticeTypes.deliveryDead).describe('an event was given up'),
    timestamp,
    data: z
      .strictObject({
        eventId: eventId.describe('the `webhook-id` of the event that was given up'),
        verification: verificationId
          .nullable()
          .describe('the verification that it is about; null for an event about none'),
        endpoint: z
          .string()
          .nullable()
          .describe('the endpoint that did not take it (`ep_…`); null for your callback'),
        attempts: z
          .number()
          .int()
          .nonnegative()
          .describe('how often it was sent; 0 where it could not be sent at all'),
        status: z.number().int().nullable().describe('the HTTP status of the last attempt; null without one'),
      })
      .describe('which event, and where'),
    sequence: number,
  })
  .meta({ id: 'DeliveryDead' });
export type DeliveryDead = z.infer<typeof deliveryDead>;

/** A part of your budget is spent. */
export const usageThreshold = z
  .strictObject({
    type: z.literal(noticeTypes.threshold).describe('a part of your budget is spent'),
    timestamp,
    data: z
      .strictObject({
        period: z.enum(['day', 'month']).describe('which of your budgets'),
        date: z.string().describe('the day (`yyyy-mm-dd`) or month (`yyyy-mm`), UTC+08:00'),
        percent: z
          .number()
          .int()
          .positive()
          .describe('what is reached: 80 or 100, once in each day and month'),
        spent: z.number().int().nonnegative().describe('calls that are billed, or may be'),
        limit: z.number().int().positive().describe('calls that may be billed in it'),
      })
      .describe('which budget, and how much of it'),
    sequence: number,
  })
  .meta({ id: 'UsageThreshold' });
export type UsageThreshold = z.infer<typeof usageThreshold>;

/** Nothing is kept any more of what you submitted. */
export const subjectErased = z
  .strictObject({
    type: z
      .literal(noticeTypes.erased)
      .describe('a verification was deleted with everything about its person'),
    timestamp,
    data: z
      .strictObject({
        id: verificationId.describe('the verification, which does not exist any more'),
        by: z
          .enum(['client', 'operator', 'retention'])
          .describe('you had it erased, an operator did, or its retention was over'),
      })
      .describe('which one, and why'),
    sequence: number,
  })
  .meta({ id: 'SubjectErased' });
export type SubjectErased = z.infer<typeof subjectErased>;

export type Notice = VerificationNotice | DeliveryDead | UsageThreshold | SubjectErased;

/** A notice as the feed has it, with what the header of its webhook says. */
export const feedNotice = z
  .union([
    z.strictObject({ id: eventId, ...verificationNotice.shape }),
    z.strictObject({ id: eventId, ...deliveryDead.shape }),
    z.strictObject({ id: eventId, ...usageThreshold.shape }),
    z.strictObject({ id: eventId, ...subjectErased.shape }),
  ])
  .meta({ id: 'FeedNotice' });
export type FeedNotice = z.infer<typeof feedNotice>;
