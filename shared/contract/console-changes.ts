import { z } from 'zod';
import { deliveryStatus, outcome, verificationStatus } from './verification.ts';

const count = z.number().int().nonnegative();

/** One verification as it is after something has happened to it. No subject is in it, nor what a receiver answered. */
export const verificationChange = z.object({
  id: z.string(),
  clientId: z.string(),
  reference: z.string().nullable(),
  status: verificationStatus,
  attempts: count,
  verdict: outcome.shape.verdict.nullable(),
  code: z.string().nullable().describe('of the outcome, or else of the last attempt'),
  delivery: deliveryStatus,
  deliveryAttempts: count,
  deliveryResult: z
    .string()
    .nullable()
    .describe("of the last attempt to deliver: the receiver's HTTP status, or the kind of error"),
});
export type VerificationChange = z.infer<typeof verificationChange>;

/** `GET /console/api/changes`: what has happened since a cursor. */
export const consoleChanges = z.object({
  data: z.array(verificationChange),
  nextCursor: z.string(),
  isMore: z.boolean().describe('the next call gets more at once'),
  isMissed: z.boolean().describe('some changes may have been forgotten before they were read'),
  lane: z.object({ lane: z.string(), status: z.string(), reason: z.string().nullable() }),
});
export type ConsoleChanges = z.infer<typeof consoleChanges>;

export const changesQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^\d{1,20}-\d{1,20}_\d{1,20}-\d{1,20}$/)
    .optional()
    .describe('`nextCursor` of the answer before; without it, from now on'),
});
