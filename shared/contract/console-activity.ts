import { z } from 'zod';
import { queryNumber } from './query-number.ts';

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
  limit: queryNumber({ min: 1, max: 200 }).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}-\d{1,10}$/)
    .optional(),
});

/** `GET /console/api/audit/search`: who, what it was done to, and days (UTC), each as far as it is given. */
export const auditSearchQuery = z.strictObject({
  actor: z.string().min(1).max(200).optional(),
  target: z.string().min(1).max(500).optional(),
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
  limit: queryNumber({ min: 1, max: 200 }).default(50),
  cursor: queryNumber({ min: 1, max: Number.MAX_SAFE_INTEGER }).optional(),
});
