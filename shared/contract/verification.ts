import { z } from 'zod';
import { eventTypes } from './event-type.ts';
import { verificationStatuses } from './verification-status.ts';

export const verificationStatus = z.enum(verificationStatuses);

export const deliveryStatus = z.enum(['pending', 'delivering', 'delivered', 'retrying', 'held', 'dead']);
export type DeliveryStatus = z.infer<typeof deliveryStatus>;

export const priority = z.enum(['interactive', 'bulk']);
export type Priority = z.infer<typeof priority>;

const instant = z.iso.datetime().describe('RFC 3339, UTC');

/** `ver_` and 26 characters of Crockford base 32: a UUIDv7, so ids sort by submission time. */
export const verificationId = z.string().regex(/^ver_[0-7][0-9a-hjkmnp-tv-z]{25}$/);

export const attempt = z.strictObject({
  at: instant,
  durationMs: z.number().int().nonnegative().nullable().describe('null when the attempt ended in a crash'),
  code: z.string().describe('a code of GET /v1/outcomes'),
  requestId: z.string().nullable().describe("the upstream's id of this call, for its support"),
});
export type Attempt = z.infer<typeof attempt>;

export const outcome = z.strictObject({
  verdict: z.enum(['match', 'no_match', 'unverifiable', 'error']),
  code: z.string(),
  description: z.string().nullable(),
  sim: z.number().nullable().describe('similarity, 0 to 100'),
  requestId: z.string().nullable(),
  action: z.string().describe('what to do next; the values are listed in GET /v1/outcomes'),
  billed: z.boolean(),
  possiblyBilledAgain: z
    .boolean()
    .describe('an earlier attempt got no readable answer, so the upstream may have billed it as well'),
  completedAt: instant,
});
export type Outcome = z.infer<typeof outcome>;

export const delivery = z.strictObject({
  status: deliveryStatus,
  attempts: z.number().int().nonnegative(),
  nextAttemptAt: instant.nullable(),
});

/** What a client sees of one verification. It never holds the subject. */
export const verification = z
  .strictObject({
    id: verificationId,
    status: verificationStatus,
    livemode: z
      .boolean()
      .describe(
        'true only if the real upstream answers; false on the sandbox, whose verdicts say nothing about anybody',
      ),
    reference: z.string().nullable(),
    extra: z.string().nullable(),
    priority,
    submittedAt: instant,
    position: z.number().int().positive().nullable().describe('1 is next; null once it is not waiting'),
    estimatedCompletionAt: instant.nullable(),
    nextAttemptAt: instant.nullable().describe('set while retrying or deferred'),
    attempts: z.array(attempt),
    outcome: outcome.nullable(),
    delivery,
  })
  .meta({ id: 'Verification' });
export type Verification = z.infer<typeof verification>;

export const verificationPage = z
  .strictObject({ data: z.array(verification), nextCursor: z.string().nullable() })
  .meta({ id: 'VerificationPage' });
export type VerificationPage = z.infer<typeof verificationPage>;

/** Body of the webhook (Standard Webhooks 1.0.0, "Payload structure"). */
export const verificationEvent = z
  .strictObject({
    type: z.enum(eventTypes),
    timestamp: instant,
    data: verification,
  })
  .meta({ id: 'VerificationEvent' });
export type VerificationEvent = z.infer<typeof verificationEvent>;
