import { z } from 'zod';

/** `GET /v1/lane`. */
export const laneOverview = z
  .strictObject({
    lane: z.string(),
    livemode: z
      .boolean()
      .nullable()
      .describe(
        'true: the real upstream is asked; false: the sandbox, which verifies no real person; null: no worker has started yet',
      ),
    status: z.enum(['running', 'slow', 'held', 'paused']),
    reason: z.string().nullable().describe('the code that holds or slows the lane'),
    since: z.iso.datetime().nullable(),
    resumesAt: z.iso.datetime().nullable().describe('when the lane is next probed'),
    backlog: z.strictObject({
      interactive: z.number().int(),
      bulk: z.number().int(),
      retrying: z.number().int().describe('waiting for their next attempt, deferred ones included'),
      verifying: z.number().int(),
      total: z.number().int(),
    }),
    quota: z.strictObject({
      perSecond: z.number(),
      effectivePerSecond: z.number().describe('after margin and foreign users of the account'),
      inUse: z.number().describe('slots granted in the last second'),
      marginMs: z.number(),
    }),
    estimatedWaitSeconds: z.number().nullable().describe('for an interactive verification submitted now'),
    photosStored: z.strictObject({ now: z.number().int(), peak: z.number().int() }),
  })
  .meta({ id: 'Lane' });
export type LaneOverview = z.infer<typeof laneOverview>;
