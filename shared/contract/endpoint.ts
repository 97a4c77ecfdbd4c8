import { z } from 'zod';
import { clientEventTypes } from './event-type.ts';
import { receiverAuth, receiverAuthChange } from './receiver-auth.ts';

/** Which events an endpoint gets. */
const types = z.array(z.enum(clientEventTypes)).min(1).max(clientEventTypes.length);
const ratePerSecond = z.number().min(0.1).max(1_000).nullable();
const url = z.string().max(2_048);

/** `POST /v1/endpoints`. */
export const newEndpoint = z
  .strictObject({
    url: url.describe('https, of an origin that is registered for you'),
    types: types.optional().describe('events of these types only; unless given, those that bring an outcome'),
    ratePerSecond: ratePerSecond
      .optional()
      .describe('at most so many events a second; null: as many as it takes, one after the other'),
    after: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe(
        'begin after the event of this `sequence`; 0: with the oldest that is kept; unless given, with the next',
      ),
    auth: receiverAuthChange.optional().describe('what the receiver asks for beside the signature'),
  })
  .meta({ id: 'NewEndpoint' });
export type NewEndpoint = z.infer<typeof newEndpoint>;

/** `PATCH /v1/endpoints/{id}`: what is given is changed. */
export const endpointChange = z
  .strictObject({
    url: url.optional().describe('https, of an origin that is registered for you'),
    types: types.optional().describe('events of these types only'),
    ratePerSecond: ratePerSecond.optional().describe('at most so many events a second; null: no limit'),
    enabled: z
      .boolean()
      .optional()
      .describe('false stops it: its events wait. true lets it go on, also when it was held'),
    after: z
      .number()
      .int()
      .min(0)
      .optional()
      .describe(
        'send again all events after the one of this `sequence`; 0: from the oldest that is kept; a number further ahead skips those before it',
      ),
    auth: receiverAuthChange
      .nullable()
      .optional()
      .describe('what the receiver asks for beside the signature; null removes it'),
  })
  .meta({ id: 'EndpointChange' });
export type EndpointChange = z.infer<typeof endpointChange>;

/** A receiver of a client's events beside its callback. */
export const endpoint = z
  .strictObject({
    id: z.string().describe('ep_…'),
    url: z.string().describe('where its events go'),
    types: types.describe('the types of event that it gets'),
    ratePerSecond: ratePerSecond.describe('at most so many events a second; null: no limit'),
    status: z
      .enum(['active', 'failing', 'held', 'disabled'])
      .describe(
        'failing: its events are tried again; held: it gets nothing until you enable it, because it failed for days or answered 410 twice; disabled: you have stopped it',
      ),
    after: z
      .number()
      .int()
      .nonnegative()
      .describe('it has been sent all of its events up to this `sequence`'),
    attempts: z.number().int().nonnegative().describe('at the event after it, so far'),
    nextAttemptAt: z.iso.datetime().nullable().describe('when that event is tried again'),
    dead: z
      .number()
      .int()
      .nonnegative()
      .describe('events that were skipped, because every attempt had failed'),
    latest: z
      .strictObject({
        at: z.iso.datetime().describe('when it was made'),
        sequence: z.number().int().describe('of the event'),
        status: z.number().int().nullable().describe('the HTTP status; null without one'),
        errorClass: z.string().nullable().describe('why there is no status'),
      })
      .nullable()
      .describe('the latest attempt'),
    auth: receiverAuth.nullable().describe('what is sent to it beside the signature; null: nothing'),
    createdAt: z.iso.datetime().describe('when it was added'),
  })
  .meta({ id: 'Endpoint' });
export type Endpoint = z.infer<typeof endpoint>;

export const endpointPage = z
  .strictObject({ data: z.array(endpoint).describe('all of them, in the order in which they were added') })
  .meta({ id: 'Endpoints' });
export type EndpointPage = z.infer<typeof endpointPage>;

export const createdEndpoint = z
  .strictObject({
    ...endpoint.shape,
    secret: z.string().describe('`whsec_…`: its events are signed with it. Shown once'),
  })
  .meta({ id: 'CreatedEndpoint' });
export type CreatedEndpoint = z.infer<typeof createdEndpoint>;

export const rotatedSecret = z
  .strictObject({
    secret: z.string().describe('`whsec_…`, shown once'),
    previousSignsUntil: z.iso.datetime().describe('until then the previous secret signs as well'),
  })
  .meta({ id: 'RotatedSecret' });
export type RotatedSecret = z.infer<typeof rotatedSecret>;
