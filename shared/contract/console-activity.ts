import { z } from 'zod';

const instant = z.iso.datetime();

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

export const activityQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}-\d{1,10}$/)
    .optional(),
});
