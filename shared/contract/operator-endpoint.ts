import { z } from 'zod';
import { endpoint, endpointChange, newEndpoint } from './endpoint.ts';
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

/** Every type that an operators' endpoint may choose. */
export const laneEventTypes = Object.values(operatorEventTypes);

const types = z.array(z.enum(laneEventTypes)).min(1).max(laneEventTypes.length);
const url = z.string().max(2_048).describe('https, of a public host');

/** `POST /console/api/operator-endpoints`: as a client adds one of its own. */
export const newOperatorEndpoint = newEndpoint
  .omit({ auth: true })
  .extend({ url, types: types.optional().describe('events of these types only; unless given, both') });
export type NewOperatorEndpoint = z.infer<typeof newOperatorEndpoint>;

/** `PATCH /console/api/operator-endpoints/{id}`: what is given is changed. */
export const operatorEndpointChange = endpointChange
  .omit({ auth: true })
  .extend({ url: url.optional(), types: types.optional().describe('events of these types only') });
export type OperatorEndpointChange = z.infer<typeof operatorEndpointChange>;

// Not strict, as all that the command line reads: a newer producer says more.
export const operatorEndpoint = z.object({ ...endpoint.omit({ auth: true }).shape, types });
export type OperatorEndpoint = z.infer<typeof operatorEndpoint>;

export const operatorEndpoints = z.object({ data: z.array(operatorEndpoint) });
export type OperatorEndpoints = z.infer<typeof operatorEndpoints>;

export const newOperatorEndpointAnswer = z.object({
  ...operatorEndpoint.shape,
  secret: z.string().describe('`whsec_…`: its events are signed with it. Shown once'),
});
export type NewOperatorEndpointAnswer = z.infer<typeof newOperatorEndpointAnswer>;

export const removedOperatorEndpoint = z.object({ removed: z.string() });
