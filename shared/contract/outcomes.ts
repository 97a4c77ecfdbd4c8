import { z } from 'zod';

/** One code that an attempt can end with. */
export const outcomeRow = z.strictObject({
  code: z.string(),
  kind: z.string().describe('how the code is treated'),
  verdict: z.string().describe('what you get when this is the last word'),
  action: z.string().describe('what to do next'),
  billed: z.enum(['billed', 'unbilled', 'unknown']),
  retry: z.string().describe('what is done before this becomes the last word'),
  source: z.string(),
  description: z.string(),
});
export type OutcomeRow = z.infer<typeof outcomeRow>;

/** `GET /v1/outcomes`. */
export const outcomesPage = z.strictObject({ data: z.array(outcomeRow) }).meta({ id: 'Outcomes' });
export type OutcomesPage = z.infer<typeof outcomesPage>;
