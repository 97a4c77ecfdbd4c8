import { z } from 'zod';
import { deliveryAttempt } from './delivery-log.ts';
import { laneOverview } from './lane.ts';
import { attempt, deliveryStatus, outcome, verification, verificationStatus } from './verification.ts';

/** What the console shows. No subject is in it, nor what a receiver answered: that may name the person. */

const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

export const consoleEndpoint = z.strictObject({
  clientId: z.string(),
  origin: z.string().describe('`none` stands for events without any address to go to'),
  status: z.enum(['healthy', 'failing', 'held']),
  reason: z.enum(['gone', 'failing_for_days', 'operator', 'origin_not_allowed']).nullable(),
  since: instant.nullable(),
  waiting: count.describe('events that wait for it'),
});
export type ConsoleEndpoint = z.infer<typeof consoleEndpoint>;

export const consoleEndpoints = z.strictObject({ data: z.array(consoleEndpoint), total: count });
export type ConsoleEndpoints = z.infer<typeof consoleEndpoints>;

/** One line of a list. */
export const consoleVerification = z.strictObject({
  id: z.string(),
  clientId: z.string(),
  status: verificationStatus,
  reference: z.string().nullable(),
  priority: z.enum(['interactive', 'bulk']),
  submittedAt: instant,
  attempts: count,
  verdict: outcome.shape.verdict.nullable(),
  code: z.string().nullable().describe('of the outcome, or else of the last attempt'),
  delivery: deliveryStatus,
  deliveryAttempts: count,
});
export type ConsoleVerification = z.infer<typeof consoleVerification>;

export const consoleVerificationPage = z.strictObject({
  data: z.array(consoleVerification),
  nextCursor: z.string().nullable(),
});
export type ConsoleVerificationPage = z.infer<typeof consoleVerificationPage>;

const consoleDeliveryAttempt = deliveryAttempt.omit({ answer: true });

export const consoleVerificationDetail = z.strictObject({
  clientId: z.string(),
  callbackOrigin: z.string().nullable().describe('null: the default of its client'),
  verification: verification.extend({ attempts: z.array(attempt) }),
  deliveries: z.array(consoleDeliveryAttempt),
});
export type ConsoleVerificationDetail = z.infer<typeof consoleVerificationDetail>;

const consoleOutcome = z.strictObject({
  code: z.string(),
  verdict: outcome.shape.verdict,
  billed: count,
  unbilled: count,
  unknown: count,
});
export type ConsoleOutcome = z.infer<typeof consoleOutcome>;

/** The whole first page, as every viewer gets it once a second when something has changed. */
export const consoleSnapshot = z.strictObject({
  lane: laneOverview,
  reasonText: z.string().nullable().describe('what the code means that holds or slows the lane'),
  emptyInSeconds: z
    .number()
    .nullable()
    .describe('until the backlog is worked off; null when that is unknown'),
  arrivals: z
    .strictObject({ granted: z.array(count), refused: z.array(count) })
    .describe('slots granted and calls refused in each of the last 600 seconds, oldest first'),
  today: z.strictObject({ day: z.iso.date(), outcomes: z.array(consoleOutcome) }),
  deliveries: z.strictObject({
    waiting: count,
    active: count,
    retrying: count,
    deadLetters: count,
    endpoints: consoleEndpoints,
  }),
  recent: consoleVerificationPage,
});
export type ConsoleSnapshot = z.infer<typeof consoleSnapshot>;

const consoleOperator = z.strictObject({ name: z.string(), readOnly: z.boolean() });

const consoleSessionState = z.strictObject({
  signedIn: z.boolean(),
  operator: consoleOperator.nullable(),
});
export type ConsoleSessionState = z.infer<typeof consoleSessionState>;

/** Who did what, to which id, when, and what came of it. */
export const consoleActivity = z.strictObject({
  data: z.array(
    z.strictObject({
      at: instant,
      operator: z.string(),
      action: z.string(),
      target: z.string().nullable(),
      result: z.string(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type ConsoleActivity = z.infer<typeof consoleActivity>;

/** Bodies of the operator's calls. */
export const signIn = z.strictObject({ key: z.string().max(1_000) });
export const signOutQuery = z.strictObject({ which: z.enum(['this', 'all']).default('this') });
export const pauseRequest = z.strictObject({ reason: z.string().trim().min(1).max(200) });
export const endpointRequest = z.strictObject({
  endpoint: z.string().regex(/^\S{1,100} (none|https?:\/\/\S{1,2048})$/),
});
export const holdRequest = z.strictObject({
  endpoint: z.string().regex(/^\S{1,100} https?:\/\/\S{1,2048}$/),
});
export const consoleListQuery = z.strictObject({
  search: z.string().trim().min(1).max(128).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(25),
  cursor: z.string().min(1).max(200).optional(),
});
export const activityQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}-\d{1,10}$/)
    .optional(),
});
