import { z } from 'zod';
import { clientShare } from './client-share.ts';

const count = z.number().int().nonnegative();

/** Who takes the quota now. */
export const consoleShares = z.strictObject({
  data: z
    .array(clientShare.extend({ clientId: z.string() }))
    .describe('clients that wait or had calls in the last minute, the most waiting first; 100 at most'),
  others: z
    .strictObject({
      clients: count,
      weight: count,
      waiting: count,
      callsLastMinute: count.describe('those of clients that have been deleted since included'),
      shareDue: z.number(),
      shareHad: z.number().nullable(),
    })
    .describe('the rest of them together'),
});
export type ConsoleShares = z.infer<typeof consoleShares>;
