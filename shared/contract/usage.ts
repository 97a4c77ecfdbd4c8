import { z } from 'zod';
import { openText } from './open-text.ts';
import { outcomeCodes } from './outcome-codes.ts';

const count = z.number().int().nonnegative();
const counts = {
  billed: count.describe('calls that the upstream charges for'),
  unbilled: count.describe('calls that it answers free of charge'),
  unknown: count.describe('calls without a readable answer: the bill shows whether they were charged'),
};

const budgetPeriod = (period: z.ZodType<string>) =>
  z
    .strictObject({
      period,
      limit: count.describe('calls that may be billed in it'),
      spent: count.describe('calls billed in it so far, and those whose bill is not known'),
      endsAt: z.iso.datetime().describe('when the next one begins'),
    })
    .nullable();

/** What a client may have billed, and has had; days and months are those of +08:00. */
export const clientBudget = z
  .strictObject({
    mode: z
      .enum(['hard', 'warn'])
      .describe(
        'hard: a submission that might exceed it is refused; warn: it is accepted, and the operator is informed',
      ),
    waiting: count.describe('verifications without an outcome, each of which may be billed once or more'),
    day: budgetPeriod(z.iso.date()),
    month: budgetPeriod(z.string().regex(/^\d{4}-\d{2}$/)),
  })
  .meta({ id: 'Budget' });
export type ClientBudget = z.infer<typeof clientBudget>;

/** `GET /v1/usage`: upstream calls as the bill will list them. */
export const usageReport = z
  .strictObject({
    from: z.iso.date().describe('first day of the period, in +08:00'),
    to: z.iso.date().describe('last day of the period, in +08:00'),
    data: z.array(
      z.strictObject({
        day: z.iso.date().describe('in +08:00, where the account is billed'),
        clientId: z.string().describe('yours'),
        code: openText(outcomeCodes).describe('how the calls ended; GET /v1/outcomes explains each'),
        ...counts,
      }),
    ),
    total: z.strictObject({ calls: count.describe('all of them'), ...counts }),
    budget: clientBudget
      .nullable()
      .describe('of the present day and month, whatever period was asked for; null without one'),
  })
  .meta({ id: 'Usage' });
export type UsageReport = z.infer<typeof usageReport>;

/** The calls that were made on one account. */
export const accountCounts = z.strictObject({ account: z.string(), ...counts });
export type AccountCounts = z.infer<typeof accountCounts>;

/** For operators: of all clients, and of each account where a file names the accounts. */
export interface OperatorUsage extends UsageReport {
  /** Empty without a file. Calls from before it, and those that were lost with their worker, are in none. */
  readonly accounts: readonly AccountCounts[];
}
