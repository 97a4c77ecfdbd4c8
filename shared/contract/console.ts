import { z } from 'zod';
import { shownApiKey } from './api-key.ts';
import { clientShare } from './client-share.ts';
import { deliveryAttempt } from './delivery-log.ts';
import { laneOverview } from './lane.ts';
import { promisesAtRisk } from './promises-at-risk.ts';
import { queryNumber } from './query-number.ts';
import { clientBudget } from './usage.ts';
import {
  attempt,
  deliveryStatus,
  outcome,
  verification,
  verificationId,
  verificationStatus,
} from './verification.ts';

/** What the console shows. No subject is in it, nor what a receiver answered: that may name the person. */

const count = z.number().int().nonnegative();
const instant = z.iso.datetime();

export const consoleEndpoint = z.strictObject({
  clientId: z.string(),
  origin: z.string().describe('`none` stands for events without any address to go to'),
  status: z
    .enum(['healthy', 'failing', 'held', 'no_callback'])
    .describe('`no_callback`: its events wait until their client gets a callback URL'),
  reason: z.enum(['gone', 'failing_for_days', 'operator', 'origin_not_allowed']).nullable(),
  since: instant.nullable(),
  waiting: count.describe('events that wait for it'),
});
export type ConsoleEndpoint = z.infer<typeof consoleEndpoint>;

export const consoleEndpoints = z.strictObject({ data: z.array(consoleEndpoint), total: count });

/** What a receiver said is not in it. */
const receiverAnswer = z.strictObject({
  at: instant,
  status: z.number().nullable(),
  errorClass: z.string().nullable(),
});

export const consoleEndpointHistories = z.strictObject({
  data: z.array(
    consoleEndpoint.extend({
      accepted: z.array(count).describe('attempts of the last week, by steps of six hours, oldest first'),
      failed: z.array(count),
      latest: receiverAnswer.nullable(),
    }),
  ),
  total: count,
});
export type ConsoleEndpointHistories = z.infer<typeof consoleEndpointHistories>;

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

/** Found by a filter. A request compares a bounded number of records. */
export const consoleFilteredPage = consoleVerificationPage.extend({
  searched: count.describe('records that were compared'),
  searchedBack: instant.nullable().describe('to which submission time; null: to the first'),
});
export type ConsoleFilteredPage = z.infer<typeof consoleFilteredPage>;

export const consoleDeadLetterPage = z.strictObject({
  data: z.array(
    consoleVerification.extend({
      origin: z.string().nullable().describe('where its event goes; null: nowhere'),
      diedAt: instant,
      latest: receiverAnswer.nullable(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type ConsoleDeadLetterPage = z.infer<typeof consoleDeadLetterPage>;

const consoleDeliveryAttempt = deliveryAttempt.omit({ answer: true });

export const consoleVerificationDetail = z.strictObject({
  clientId: z.string(),
  callbackOrigin: z.string().nullable().describe('null: the default of its client'),
  verification: verification.extend({ attempts: z.array(attempt) }),
  descriptionZh: z
    .string()
    .nullable()
    .describe('what the outcome means, in Chinese; null: there is none yet'),
  deliveries: z.array(consoleDeliveryAttempt),
  event: z.string().nullable().describe('the body of its webhook, as it is sent; null: there is none yet'),
  webhookId: z.string(),
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
  reasonTextZh: z.string().nullable().describe('the same in Chinese'),
  emptyInSeconds: z
    .number()
    .nullable()
    .describe('until the backlog is worked off; null when that is unknown'),
  arrivals: z
    .strictObject({ granted: z.array(count), refused: z.array(count) })
    .describe('slots granted and calls refused in each of the last 600 seconds, oldest first'),
  today: z.strictObject({ day: z.iso.date(), outcomes: z.array(consoleOutcome) }),
  budgets: z
    .array(
      z.strictObject({ clientId: z.string(), period: z.enum(['day', 'month']), spent: z.literal([80, 100]) }),
    )
    .describe('of clients that have spent so many per cent; a hundred at most, those used up first'),
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

export const consoleClient = z.strictObject({
  id: z.string(),
  name: z.string(),
  disabled: z.boolean(),
  weight: count,
  maxWaiting: count.nullable().describe('null: as `CLIENT_MAX_WAITING` says; 0: no limit'),
  budget: clientBudget.nullable(),
  callbackUrl: z.string().nullable(),
  allowedOrigins: z.array(z.string()),
  createdAt: instant.nullable(),
  selfService: z
    .strictObject({
      enabled: z.boolean().describe('whether the client may change what belongs to it by its own keys'),
      maxApiKeys: count.nullable().describe('null: as `CLIENT_MAX_API_KEYS` says'),
      maxEndpoints: count.nullable().describe('null: as `CLIENT_MAX_ENDPOINTS` says'),
    })
    .describe('what the client may do by itself'),
  choseCallback: z.boolean().describe('the client chose its callback URL itself'),
  apiKeys: z.array(shownApiKey),
  webhookSecrets: z.array(z.strictObject({ retiresAt: instant.nullable() })),
  share: z.strictObject({
    interactive: count.describe('its verifications in line'),
    bulk: count,
    callsLastMinute: clientShare.shape.callsLastMinute,
    due: clientShare.shape.shareDue,
    had: clientShare.shape.shareHad,
    oldestAt: instant.nullable().describe('when the first of them in line was submitted'),
  }),
  stored: count.describe('verifications that are kept of it'),
  today: z.strictObject({ calls: count, billed: count }),
});
export type ConsoleClient = z.infer<typeof consoleClient>;

export const consoleChangedClient = consoleClient.extend({
  promisesAtRisk: promisesAtRisk.nullable().describe('null: the change gave no weight'),
});
export type ConsoleChangedClient = z.infer<typeof consoleChangedClient>;

export const consoleClients = z.strictObject({ data: z.array(consoleClient), total: count });

/** What is shown once. */
export interface ConsoleNewClient {
  readonly id: string;
  readonly apiKey: string;
  readonly webhookSecret: string;
}
export interface ConsoleNewKey {
  readonly apiKey: string;
  /** Of the test lane, with a client's first test key. */
  readonly webhookSecret: string | null;
}
export interface ConsoleNewSecret {
  readonly webhookSecret: string;
  readonly previousSignsUntil: string;
}

export const consoleHistory = z.strictObject({
  from: instant.describe('when the first point begins'),
  stepSeconds: count,
  verdicts: z.record(outcome.shape.verdict, z.array(count)).describe('upstream calls by what they came to'),
  deliveries: z.strictObject({ accepted: z.array(count), failed: z.array(count) }),
});
export type ConsoleHistory = z.infer<typeof consoleHistory>;

const consoleOperator = z.strictObject({ name: z.string(), readOnly: z.boolean() });

const consoleSessionState = z.strictObject({
  signedIn: z.boolean(),
  operator: consoleOperator.nullable(),
});
export type ConsoleSessionState = z.infer<typeof consoleSessionState>;

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
const limit = queryNumber({ min: 1, max: 100 }).default(25);
const cursor = z.string().min(1).max(200).optional();
const clientId = z.string().min(1).max(100).optional();
const queriedInstant = z.iso.datetime({ offset: true }).transform(Date.parse).optional();

export const consoleListQuery = z.strictObject({
  search: z.string().trim().min(1).max(128).optional(),
  status: z.enum([...verificationStatus.options, ...outcome.shape.verdict.options]).optional(),
  delivery: deliveryStatus.optional(),
  code: z.string().min(1).max(100).optional(),
  client: clientId,
  origin: z.string().min(1).max(2_100).optional(),
  from: queriedInstant,
  before: queriedInstant,
  limit,
  cursor,
});
export type ConsoleListQuery = z.output<typeof consoleListQuery>;

export const deadLetterQuery = z.strictObject({
  client: clientId,
  origin: z.string().min(1).max(2_100).optional(),
  limit,
  cursor,
});
/** Without `ids`: all of them, or those of a client. */
export const deadLetterRedelivery = z.strictObject({
  ids: z.array(verificationId).min(1).max(100).optional(),
  client: clientId,
});
export const historyQuery = z.strictObject({ range: z.enum(['1h', '6h', '24h', '7d', '30d']).default('1h') });
export const consoleUsageQuery = z.strictObject({
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
});

const origins = z.array(z.string().min(1).max(2_100)).max(100);
const clientSettings = {
  name: z.string().trim().min(1).max(200),
  callbackUrl: z.string().trim().min(1).max(2_100).nullable().optional(),
  allowedOrigins: origins.optional(),
  weight: z.number().int().min(1).max(1_000).optional(),
};
export const atRiskQuery = z.strictObject({ weight: queryNumber({ min: 1, max: 1_000 }) });
const budgetPart = z.number().int().min(1).max(999_999_999).nullable().optional();
export const newClientRequest = z.strictObject(clientSettings);
export const clientChangeRequest = z.strictObject({
  ...clientSettings,
  name: clientSettings.name.optional(),
  disabled: z.boolean().optional(),
  maxWaiting: z.number().int().min(0).max(999_999_999).nullable().optional(),
  budgetDay: budgetPart,
  budgetMonth: budgetPart,
  budgetMode: clientBudget.shape.mode.optional(),
  selfService: z.boolean().optional(),
  maxApiKeys: z.number().int().min(0).max(1_000).nullable().optional(),
  maxEndpoints: z.number().int().min(0).max(100).nullable().optional(),
});
export const newSecretRequest = z.strictObject({
  overlapSeconds: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400),
});
