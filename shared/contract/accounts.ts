import { z } from 'zod';
import { laneAccount } from './lane.ts';

/** One account for operators: what it is, what it does now, and what it did today. */
export const accountReport = z.strictObject({
  ...laneAccount.shape,
  endpoint: z.string().nullable().describe('null until a worker has joined'),
  region: z.string().nullable(),
  livemode: z.boolean().nullable(),
  weight: z.number().nullable().describe('null for the one account of the environment'),
  clients: z
    .array(z.string())
    .nullable()
    .describe('the clients it is reserved for; null: no one in particular'),
  calls: z.strictObject({
    lastSecond: z.number().int(),
    lastMinute: z.number().int(),
    refusedLastMinute: z.number().int().describe('refused by the upstream as over the quota'),
    total: z.number().int().describe('since the account began'),
  }),
  today: z
    .strictObject({
      day: z.string().describe('at UTC+08:00'),
      billed: z.number().int(),
      unbilled: z.number().int(),
      unknown: z.number().int().describe('only the bill shows whether they cost anything'),
    })
    .describe('by the ledger'),
});
export type AccountReport = z.infer<typeof accountReport>;

/** `GET /v1/accounts`, for operators. */
export const accountReports = z.strictObject({ data: z.array(accountReport) });
export type AccountReports = z.infer<typeof accountReports>;
