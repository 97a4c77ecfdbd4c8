import { z } from 'zod';

const part = z.number().min(0).max(1).nullable();

/** A client's part of the quota, and what it makes of it. */
export const clientShare = z
  .strictObject({
    weight: z.number().int().describe('its part of the quota relative to those of others that wait'),
    waiting: z.number().int().describe('its verifications in line, of both priorities'),
    callsLastMinute: z
      .number()
      .int()
      .describe('calls of the upstream, retries included, of its verifications'),
    shareDue: part.describe(
      'of all calls, the part that its weight gives it among the clients that wait or had calls in that minute; null while it is none of these',
    ),
    shareHad: part.describe(
      'of all calls of that minute, the part that was its own; null when there were none',
    ),
    oldestWaitingSeconds: z
      .number()
      .nullable()
      .describe('since the submission of the first in its line; null while nothing waits'),
  })
  .meta({ id: 'ClientShare' });
export type ClientShare = z.infer<typeof clientShare>;
