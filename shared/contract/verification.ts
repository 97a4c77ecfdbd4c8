import { z } from 'zod';
import { eventTypes } from './event-type.ts';
import { openText } from './open-text.ts';
import { clientActions, outcomeCodes } from './outcome-codes.ts';
import { verificationStatuses } from './verification-status.ts';

export const verificationStatus = z
  .enum(verificationStatuses)
  .describe(
    'queued, verifying, retrying, deferred and held come before the outcome; completed, failed and cancelled are final',
  );

export const deliveryStatus = z
  .enum(['pending', 'delivering', 'delivered', 'retrying', 'held', 'dead'])
  .describe(
    'pending until there is an event; held waits for its endpoint to be enabled, or for a callback URL; dead was given up after the last attempt and can be delivered again',
  );
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

export const priority = z
  .enum(['interactive', 'bulk'])
  .describe('bulk waits while interactive verifications do');
export type Priority = z.infer<typeof priority>;

const instant = z.iso.datetime().describe('RFC 3339, UTC, milliseconds');

/** `ver_` and 26 characters of Crockford base 32: a UUIDv7, so ids sort by submission time. */
export const verificationId = z.string().regex(/^ver_[0-7][0-9a-hjkmnp-tv-z]{25}$/);

const code = openText(outcomeCodes).describe(
  'what the upstream answered, or `Veriqueue.…` where it gave no answer; GET /v1/outcomes explains each, and the upstream may add others',
);

/** One call of the upstream. */
export const attempt = z
  .strictObject({
    at: instant.describe('when the call began: RFC 3339, UTC'),
    durationMs: z
      .number()
      .int()
      .nonnegative()
      .nullable()
      .describe('milliseconds; null when the attempt ended in a crash'),
    code,
    requestId: z
      .string()
      .nullable()
      .describe('the id that the upstream gave this call, for its support; null when it gave none'),
    account: z
      .string()
      .optional()
      .describe('the upstream account that the call was made on; left out where there is one account only'),
  })
  .meta({ id: 'Attempt' });
export type Attempt = z.infer<typeof attempt>;

/** The last word on a verification. */
export const outcome = z
  .strictObject({
    verdict: z
      .enum(['match', 'no_match', 'unverifiable', 'error'])
      .describe(
        'match and no_match compare the photo with the register; unverifiable: nothing could be compared; error: the upstream gave no usable answer',
      ),
    code,
    description: z
      .string()
      .nullable()
      .describe('the sentence that the upstream gave with its code, or else ours for that code'),
    sim: z
      .number()
      .nullable()
      .describe('similarity of photo and register photo, 0 to 100; null when they were not compared'),
    requestId: z
      .string()
      .nullable()
      .describe('the id that the upstream gave the deciding call, for its support; null when it gave none'),
    action: openText(clientActions).describe('what you can do next; GET /v1/outcomes gives it for each code'),
    billed: z
      .boolean()
      .describe(
        'whether the upstream charges for the deciding call; false also where only its bill shows that',
      ),
    possiblyBilledAgain: z
      .boolean()
      .describe(
        'the upstream may have billed more calls than `billed` says: another attempt was billed or got no readable answer, or the deciding one got none',
      ),
    completedAt: instant.describe('when the outcome was written: RFC 3339, UTC'),
  })
  .meta({ id: 'Outcome' });
export type Outcome = z.infer<typeof outcome>;

/** What a promised time has been put off by. */
export const promiseExtension = z
  .strictObject({
    by: z.number().int().positive().describe('seconds'),
    reason: z
      .enum(['held', 'slow', 'paused', 'rate', 'repeats'])
      .describe(
        'what added most: the lane was held, slow or paused, its rate was cut, or some of your own calls had to be repeated',
      ),
  })
  .meta({ id: 'PromiseExtension' });
export type PromiseExtension = z.infer<typeof promiseExtension>;

/** How far the event has come. */
export const delivery = z
  .strictObject({
    status: deliveryStatus,
    attempts: z.number().int().nonnegative().describe('how often the event was sent'),
    nextAttemptAt: instant
      .nullable()
      .describe('when it is sent again: RFC 3339, UTC; null unless its status is retrying'),
  })
  .meta({ id: 'Delivery' });

export type Delivery = z.infer<typeof delivery>;

/** What a client sees of one verification. It never holds the subject. */
export const verification = z
  .strictObject({
    id: verificationId.describe('`ver_` and 26 letters and digits; ids sort by the time of submission'),
    status: verificationStatus,
    livemode: z
      .boolean()
      .describe(
        'true only if the real upstream answers; false on the sandbox, whose verdicts say nothing about anybody',
      ),
    reference: z.string().nullable().describe('your own name for it, as submitted; null without one'),
    extra: z.string().nullable().describe('as submitted, 1 to 10 characters; null without one'),
    priority,
    submittedAt: instant.describe('when it was accepted: RFC 3339, UTC'),
    position: z
      .number()
      .int()
      .positive()
      .nullable()
      .describe('its place in the line: 1 is next; null while it does not wait'),
    estimatedCompletionAt: instant
      .nullable()
      .describe(
        'when the outcome is expected: RFC 3339, UTC; null once it is final, and while no time can be promised',
      ),
    completesBy: instant
      .nullable()
      .describe(
        'by then the upstream will have been asked for the first time, whatever others submit: RFC 3339, UTC; null where that cannot be promised, as while the lane is not running',
      ),
    completesByExtended: promiseExtension
      .nullable()
      .describe(
        'by how much completesBy has been extended since the submission, and why; null when it has not',
      ),
    answerBy: instant
      .nullable()
      .describe('until when you want an answer, as submitted: RFC 3339, UTC; null without one'),
    nextAttemptAt: instant
      .nullable()
      .describe('when it is asked about again: RFC 3339, UTC; null unless it is retrying or deferred'),
    attempts: z.array(attempt).describe('calls of the upstream, oldest first'),
    outcome: outcome.nullable().describe('null until it is completed or failed, and for a cancelled one'),
    delivery: delivery.describe('how far the event has come that brings the outcome'),
  })
  .meta({ id: 'Verification' });
export type Verification = z.infer<typeof verification>;

export const verificationPage = z
  .strictObject({
    data: z.array(verification).describe('newest first'),
    nextCursor: z.string().nullable().describe('pass it as `cursor` for the next page; null on the last one'),
  })
  .meta({ id: 'VerificationPage' });
export type VerificationPage = z.infer<typeof verificationPage>;

/** The number of an event among those of its client: 1, 2, 3 … */
export const sequence = z.number().int().positive();

/** Body of the webhook (Standard Webhooks 1.0.0, "Payload structure"). */
export const verificationEvent = z
  .strictObject({
    type: z
      .enum(eventTypes)
      .describe('verification.completed: there is an outcome; verification.failed: it was given up'),
    timestamp: instant.describe('when the event came to be, not when it was sent: RFC 3339, UTC'),
    data: verification.describe('the verification as it was then'),
    sequence: sequence
      .optional()
      .describe(
        'its number among your events, which go up by one: a number that you never get is in GET /v1/events; left out where an earlier version made the event',
      ),
  })
  .meta({ id: 'VerificationEvent' });
export type VerificationEvent = z.infer<typeof verificationEvent>;

/** Body of the webhook that an operator sends as a test: it is about no verification. */
export const webhookTestEvent = z
  .strictObject({
    type: z.literal('webhook.test'),
    timestamp: instant.describe('when it was sent: RFC 3339, UTC'),
    data: z.strictObject({ clientId: z.string().describe('yours') }),
  })
  .meta({ id: 'WebhookTestEvent' });
export type WebhookTestEvent = z.infer<typeof webhookTestEvent>;
