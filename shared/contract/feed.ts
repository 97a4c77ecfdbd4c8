import { z } from 'zod';
import { clientEventTypes } from './event-type.ts';
import { feedNotice } from './notice.ts';
import { queryNumber } from './query-number.ts';
import { sequence, verificationEvent } from './verification.ts';

/** How many events a page of the feed may have. */
export const FEED_PAGE_MAX = 500;

/** How long a request may wait for an event, in seconds. Below the 30 s after which a silent connection is closed. */
export const FEED_WAIT_MAX = 20;

/** `GET /v1/events`. */
export const feedQuery = z.strictObject({
  after: queryNumber({ min: 0, max: Number.MAX_SAFE_INTEGER })
    .default(0)
    .describe('the `sequence` that you have read up to; 0: from the oldest that is kept'),
  limit: queryNumber({ min: 1, max: FEED_PAGE_MAX }).default(100).describe('the size of a page'),
  type: z.enum(clientEventTypes).optional().describe('events of this type only'),
  wait: queryNumber({ min: 0, max: FEED_WAIT_MAX })
    .default(0)
    .describe('seconds for which the answer may wait until there is an event after `after`'),
});
export type FeedQuery = z.output<typeof feedQuery>;

/** An event as its webhook has it, with what the header says there. */
export const feedEvent = z
  .strictObject({
    id: z.string().describe('the `webhook-id` under which it is delivered'),
    ...verificationEvent.shape,
    sequence: sequence.describe('its number among your events'),
  })
  .meta({ id: 'FeedEvent' });
export type FeedEvent = z.infer<typeof feedEvent>;

/** Stands for events that are kept no more, so that no number is passed over in silence. */
export const eventsGone = z
  .strictObject({
    type: z
      .literal('events.gone')
      .describe('events that are no longer kept: their retention is over, or you had them erased'),
    from: sequence.describe('the first of their numbers'),
    sequence: sequence.describe('the last of their numbers'),
  })
  .meta({ id: 'EventsGone' });
export type EventsGone = z.infer<typeof eventsGone>;

export const feedPage = z
  .strictObject({
    data: z
      .array(z.union([feedEvent, feedNotice, eventsGone]))
      .describe('by their numbers: each one after `after` is an event, or in a range that is gone'),
    nextAfter: z.number().int().nonnegative().describe('pass it as `after` for the next page'),
    last: z
      .number()
      .int()
      .nonnegative()
      .describe('the highest number given so far: you have all when `nextAfter` is the same'),
  })
  .meta({ id: 'FeedPage' });
export type FeedPage = z.infer<typeof feedPage>;
