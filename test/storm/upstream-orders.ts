import { z } from 'zod';

/** What the upstream's process is asked over IPC. Its answer to `log` is the log; to all else, nothing. */
export const upstreamOrder = z.discriminatedUnion('order', [
  /** The next `count` calls are hit, until `untilMs` (ms epoch). */
  z.object({ order: z.literal('spoil'), fault: z.string(), count: z.number(), untilMs: z.number() }),
  /** Accepts no connection, and cuts those there are, until it is ordered `up`. */
  z.object({ order: z.literal('down') }),
  z.object({ order: z.literal('up') }),
  z.object({ order: z.literal('log') }),
]);
export type UpstreamOrder = z.infer<typeof upstreamOrder>;

const upstreamCall = z.object({
  idCard: z.string(),
  at: z.number(),
  earliestAt: z.number(),
  code: z.string().nullable(),
  charged: z.boolean(),
  answeredAt: z.number().nullable(),
  abandonedAt: z.number().nullable(),
  fault: z.string().nullable(),
});

export const upstreamLog = z.object({ calls: z.array(upstreamCall) });

/** Sent by itself, often: how many calls have no answer yet. */
export const upstreamNews = z.object({ underWay: z.number() });

export const upstreamReady = z.object({ ready: z.literal(true), url: z.string() });

export const upstreamSettings = z.object({ seed: z.number(), port: z.number(), callTimeoutMs: z.number() });
export type UpstreamSettings = z.infer<typeof upstreamSettings>;
