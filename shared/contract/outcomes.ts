import { z } from 'zod';

/** `GET /v1/outcomes`: one row per code an attempt can end with. */
export const outcomesPage = z
  .strictObject({
    data: z.array(
      z.strictObject({
        code: z.string(),
        kind: z.string().describe('how the code is treated'),
        verdict: z.string().describe('what you get when this is the last word'),
        action: z.string().describe('what to do next'),
        billed: z.enum(['billed', 'unbilled', 'unknown']),
        retry: z.string().describe('what is done before this becomes the last word'),
        source: z.string(),
        description: z.string(),
      }),
    ),
  })
  .meta({ id: 'Outcomes' });
