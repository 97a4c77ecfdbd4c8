import { z } from 'zod';
import { openText } from './open-text.ts';
import { clientActions, outcomeCodes } from './outcome-codes.ts';

/** One code that an attempt can end with. */
export const outcomeRow = z.strictObject({
  code: openText(outcomeCodes).describe('the code of an attempt or an outcome'),
  kind: z.string().describe('how the code is treated'),
  verdict: z.string().describe('what you get when this is the last word'),
  action: openText(clientActions).describe('what you can do next'),
  billed: z
    .enum(['billed', 'unbilled', 'unknown'])
    .describe('whether the upstream charges for the call; unknown: only its bill shows that'),
  retry: z.string().describe('what is done before this becomes the last word'),
  source: z.string().describe('where the code is documented'),
  description: z.string().describe('what it means, in a sentence'),
});
export type OutcomeRow = z.infer<typeof outcomeRow>;

/** `GET /v1/outcomes`. */
export const outcomesPage = z.strictObject({ data: z.array(outcomeRow) }).meta({ id: 'Outcomes' });
export type OutcomesPage = z.infer<typeof outcomesPage>;
