import { z } from 'zod';

/** Events that one request redelivers at most. */
export const REDELIVERY_PAGE_MAX = 100;

/** `POST /v1/redeliveries`. */
export const redeliveryRange = z
  .strictObject({
    from: z.iso
      .datetime({ offset: true })
      .describe('of verifications that were submitted then or later: RFC 3339'),
    until: z.iso.datetime({ offset: true }).describe('and before: RFC 3339'),
    deliveryStatus: z
      .enum(['delivered', 'dead', 'held'])
      .optional()
      .describe(
        'events in this state only; unless given, all that are not under way, delivered ones included',
      ),
    limit: z
      .number()
      .int()
      .min(1)
      .max(REDELIVERY_PAGE_MAX)
      .optional()
      .describe(`the most to redeliver with this request; ${REDELIVERY_PAGE_MAX} unless given`),
    cursor: z
      .string()
      .max(200)
      .optional()
      .describe('the `nextCursor` of the previous answer, to continue after it'),
  })
  .meta({ id: 'RedeliveryRange' });
export type RedeliveryRange = z.infer<typeof redeliveryRange>;

const count = z.number().int().nonnegative();

export const redeliveryProgress = z
  .strictObject({
    redelivered: count.describe('events that are on their way again'),
    notDue: count.describe('left alone: under way, or not in the state that was asked for'),
    unanswered: count.describe('left alone: they have no event'),
    notAllowed: count.describe('left alone: the origin of the callback is no longer registered for you'),
    missing: count.describe('no longer kept'),
    nextCursor: z.string().nullable().describe('pass it as `cursor` to continue; null: the range is done'),
  })
  .meta({ id: 'RedeliveryProgress' });
export type RedeliveryProgress = z.infer<typeof redeliveryProgress>;
