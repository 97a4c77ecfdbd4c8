import { z } from 'zod';
import { clientShare } from './client-share.ts';

const status = z.enum(['running', 'slow', 'held', 'paused']);

const quota = z.strictObject({
  perSecond: z.number().describe('calls per second that the account may make'),
  effectivePerSecond: z
    .number()
    .describe('calls per second that remain after the margin and what else uses the account'),
  inUse: z.number().describe('slots granted in the last second'),
  marginMs: z
    .number()
    .describe('milliseconds that each slot is kept longer, for what the network does to their distance'),
});

/** One of several accounts behind the queue. */
export const laneAccount = z
  .strictObject({
    name: z.string().describe('as the file of accounts has it'),
    status: status.describe('held: the account is suspended and probed; paused: an operator stopped it'),
    reason: z
      .string()
      .nullable()
      .describe('the code that holds or slows it, or the operator’s reason; null while it runs'),
    since: z.iso.datetime().nullable().describe('RFC 3339, UTC; null while it runs'),
    resumesAt: z.iso
      .datetime()
      .nullable()
      .describe('when it is next probed: RFC 3339, UTC; null unless it is held or slow'),
    workers: z.number().int().describe('workers that have its secrets'),
    quota,
  })
  .meta({ id: 'LaneAccount' });
export type LaneAccount = z.infer<typeof laneAccount>;

/** `GET /v1/lane`. */
export const laneOverview = z
  .strictObject({
    lane: z.string().describe('the name of the deployment’s queue'),
    livemode: z
      .boolean()
      .nullable()
      .describe(
        'true: the real upstream is asked; false: the sandbox, which verifies no real person; null: no worker has started yet',
      ),
    status: status.describe(
      'held: the account is suspended and probed; paused: an operator stopped it; both accept work',
    ),
    reason: z
      .string()
      .nullable()
      .describe('the code that holds or slows the lane, or the operator’s reason; null while it runs'),
    since: z.iso.datetime().nullable().describe('RFC 3339, UTC; null while it runs'),
    resumesAt: z.iso
      .datetime()
      .nullable()
      .describe('when the lane is next probed: RFC 3339, UTC; null unless it is held'),
    backlog: z.strictObject({
      interactive: z.number().int().describe('interactive verifications that wait'),
      bulk: z.number().int().describe('bulk verifications that wait'),
      retrying: z.number().int().describe('waiting for their next attempt, deferred ones included'),
      verifying: z.number().int().describe('being asked about now'),
      total: z.number().int().describe('all of these together'),
    }),
    quota: quota.describe('of all accounts that are served together'),
    estimatedWaitSeconds: z
      .number()
      .nullable()
      .describe('for an interactive verification submitted now; null while no time can be promised'),
    photosStored: z.strictObject({
      now: z.number().int().describe('persons whose photo is stored now'),
      peak: z.number().int().describe('the most at one time'),
    }),
    accounts: z
      .array(laneAccount)
      .optional()
      .describe('where a file names several accounts: each of them; the lane runs while one of them does'),
    client: clientShare
      .optional()
      .describe(
        'the client whose API key asks; left out for operators, and by producers of earlier versions',
      ),
  })
  .meta({ id: 'Lane' });
export type LaneOverview = z.infer<typeof laneOverview>;
