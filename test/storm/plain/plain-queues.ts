import type { JobsOptions } from 'bullmq';
import { z } from 'zod';

/**
 * The plain pipeline: what a careful engineer writes with BullMQ's documentation open. An HTTP door that adds a job under
 * the Idempotency-Key as its id, a worker with attempts, backoff and the limiter, and a second queue for the webhook.
 */
export const VERIFICATIONS = 'plain-verifications';
export const EVENTS = 'plain-events';

/** Completed jobs stay for an hour: their ids keep a repeated submission, or a repeated event, from being added again. */
const kept = { removeOnComplete: { age: 3_600 }, removeOnFail: false } as const;

export const verificationOptions: JobsOptions = {
  ...kept,
  attempts: 20,
  backoff: { type: 'exponential', delay: 200, jitter: 0.5 },
};

export const eventOptions: JobsOptions = {
  ...kept,
  attempts: 12,
  backoff: { type: 'exponential', delay: 300, jitter: 0.5 },
};

export const plainVerification = z.object({
  idCard: z.string(),
  name: z.string(),
  imageBase64: z.string(),
  reference: z.string(),
});
export type PlainVerification = z.infer<typeof plainVerification>;

export interface PlainEvent {
  readonly id: string;
  readonly reference: string;
  readonly code: string;
}

const port = z.coerce.number();

export const plainProducerEnvironment = z.object({ REDIS_URL: z.string(), PORT: port });

export const plainWorkerEnvironment = z.object({
  REDIS_URL: z.string(),
  UPSTREAM_URL: z.string(),
  RECEIVER_URL: z.string(),
  QUOTA_PER_SECOND: z.coerce.number(),
  UPSTREAM_TIMEOUT_MS: z.coerce.number(),
});
