import { z } from 'zod';

/** The one argument of the process. */
export interface ManyReceiversOrders {
  readonly count: number;
}

/** Whether the first origin hangs from now on. The answer holds the arrivals since the order before. */
export const manyReceiversOrder = z.object({ hangs: z.boolean() });

export const manyReceiversReport = z.object({
  /** `webhook-id` and time (ms epoch) of each event that was answered. */
  arrivals: z.array(z.tuple([z.string(), z.number()])),
  /** Requests that the hung origin held at the same time, at most. */
  mostHeld: z.number(),
});
