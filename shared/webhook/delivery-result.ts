/** What one delivery attempt came to. */
import { z } from 'zod';

/** Why no HTTP status was received. */
export const deliveryErrorClasses = [
  'timeout',
  'connect_timeout',
  'dns',
  'refused_connection',
  'reset',
  'tls',
  'forbidden_address',
  'too_large',
  'other',
] as const;

export type DeliveryErrorClass = (typeof deliveryErrorClasses)[number];

export const DeliveryResult = z.discriminatedUnion('result', [
  /** 2xx: the receiver has the event. `answer`: the first 4 kB of the response's body, as text. */
  z.object({
    result: z.literal('accepted'),
    status: z.int(),
    durationMs: z.number(),
    answer: z.string(),
  }),
  /** Any other status, redirects included. `retryAfterMs`: the receiver's Retry-After, counted from now, or null. */
  z.object({
    result: z.literal('refused'),
    status: z.int(),
    retryAfterMs: z.number().nullable(),
    durationMs: z.number(),
    answer: z.string(),
  }),
  /** No status at all: whether the receiver read the event is unknown, except that `forbidden_address` sent nothing. */
  z.object({
    result: z.literal('unreachable'),
    errorClass: z.enum(deliveryErrorClasses),
    durationMs: z.number(),
  }),
]);

export type DeliveryResult = Readonly<z.infer<typeof DeliveryResult>>;

/**
 * The error class a client may see. A name that does not resolve and a name that resolves to a forbidden address look the
 * same: showing the difference would let a client ask this deployment's resolver which internal names exist.
 */
export function describeErrorClassToClient(errorClass: DeliveryErrorClass): string {
  return errorClass === 'forbidden_address' || errorClass === 'dns' ? 'refused' : errorClass;
}

/** The same of one as it was written down: some are kept that no attempt comes to. */
export function showErrorClass(text: string | null): string | null {
  const known = deliveryErrorClasses.find((each) => each === text);
  return known === undefined ? text : describeErrorClassToClient(known);
}
