import { z } from 'zod';
import { receiverAuth, receiverAuthChange } from './receiver-auth.ts';

/** `GET /v1/callback`: where a client's events go when a verification names no address of its own. */
export const callback = z
  .strictObject({
    url: z.string().nullable().describe('where your events go; null: nowhere, you read them'),
    allowedOrigins: z
      .array(z.string())
      .describe('the origins that are registered for you: addresses of events must have one of them'),
    secrets: z
      .array(
        z.strictObject({
          signsUntil: z.iso.datetime().nullable().describe('null: the current one'),
        }),
      )
      .describe('the secrets that sign your events, newest first; never the secrets themselves'),
    auth: receiverAuth.nullable().describe('what is sent to it beside the signature; null: nothing'),
  })
  .meta({ id: 'Callback' });
export type Callback = z.infer<typeof callback>;

/** `PATCH /v1/callback`: what is given is changed. */
export const callbackChange = z
  .strictObject({
    url: z
      .string()
      .max(2_048)
      .nullable()
      .optional()
      .describe('https, of an origin that is registered for you; null: events are read, not sent'),
    auth: receiverAuthChange
      .nullable()
      .optional()
      .describe('what the receiver asks for beside the signature; null removes it'),
  })
  .meta({ id: 'CallbackChange' });
export type CallbackChange = z.infer<typeof callbackChange>;

/** `POST /v1/callback/rotate-secret`. */
export const secretRotation = z
  .strictObject({
    overlapSeconds: z
      .number()
      .int()
      .min(0)
      .max(30 * 86_400)
      .optional()
      .describe('how long the previous secret signs as well; a day unless given'),
  })
  .meta({ id: 'SecretRotation' });
export type SecretRotation = z.infer<typeof secretRotation>;
