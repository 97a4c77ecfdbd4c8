import { z } from 'zod';

const count = z.number().int().nonnegative();
const counts = {
  billed: count,
  unbilled: count,
  unknown: count.describe('calls without a readable answer: the bill shows whether they were charged'),
};

/** `GET /v1/usage`: upstream calls as the bill will list them. */
export const usageReport = z
  .strictObject({
    from: z.iso.date(),
    to: z.iso.date(),
    data: z.array(
      z.strictObject({
        day: z.iso.date().describe('in +08:00, where the account is billed'),
        clientId: z.string(),
        code: z.string(),
        ...counts,
      }),
    ),
    total: z.strictObject({ calls: count, ...counts }),
  })
  .meta({ id: 'Usage' });
export type UsageReport = z.infer<typeof usageReport>;
