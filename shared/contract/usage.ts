import { z } from 'zod';
import { openText } from './open-text.ts';
import { outcomeCodes } from './outcome-codes.ts';

const count = z.number().int().nonnegative();
const counts = {
  billed: count.describe('calls that the upstream charges for'),
  unbilled: count.describe('calls that it answers free of charge'),
  unknown: count.describe('calls without a readable answer: the bill shows whether they were charged'),
};

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
  })
  .meta({ id: 'Usage' });
export type UsageReport = z.infer<typeof usageReport>;
