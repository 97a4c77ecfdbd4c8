import { z } from 'zod';
import { operatorEventTypes } from './event-type.ts';
import { sequence } from './verification.ts';

/** Body of what operators' endpoints get: a lane, or one of its accounts, asks nothing for a while, or asks again. */
export const laneNotice = z.strictObject({
  type: z.enum(operatorEventTypes),
  timestamp: z.iso.datetime().describe('when a worker noticed it'),
  data: z.strictObject({
    lane: z.string(),
    account: z.string().describe('`main` where no file names the accounts'),
    status: z
      .enum(['running', 'held', 'slow', 'paused'])
      .describe(
        'held: the account is at fault; slow: the upstream is in maintenance, or attempts about most people fail; paused: by an operator',
      ),
    reason: z.string().nullable().describe('the code, or what the operator gave; null while it runs'),
    since: z.iso.datetime().nullable().describe('null while it runs'),
  }),
  sequence: sequence.describe('its number among the events of the operators'),
});
export type LaneNotice = z.infer<typeof laneNotice>;

/** `POST /console/api/operator-endpoints`. */
export const newOperatorEndpoint = z.strictObject({ url: z.string().max(2_048) });

export const operatorEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  status: z
    .enum(['active', 'failing', 'held'])
    .describe('held: it gets nothing more, because it failed for days or answered 410 twice'),
  after: z.number().describe('it was sent the events of the operators up to this `sequence`'),
  dead: z.number().describe('events that were passed by, because every attempt had failed'),
  createdAt: z.iso.datetime(),
});
export type OperatorEndpoint = z.infer<typeof operatorEndpoint>;

export const operatorEndpoints = z.object({ data: z.array(operatorEndpoint) });
export type OperatorEndpoints = z.infer<typeof operatorEndpoints>;

export const newOperatorEndpointAnswer = z.object({
  id: z.string(),
  url: z.string(),
  secret: z.string().describe('`whsec_…`: its events are signed with it. Shown once'),
});
export type NewOperatorEndpointAnswer = z.infer<typeof newOperatorEndpointAnswer>;

export const removedOperatorEndpoint = z.object({ removed: z.string() });
