import { z } from 'zod';

/** What BullMQ keeps with a job as `tm`, as bullmq-otel writes it. */
const jobTelemetry = z.object({ traceparent: z.string().max(64) });

/**
 * The `traceparent` a job was added under; null when it was added without one, or when it cannot be read: a
 * job is worked on all the same.
 *
 * @param metadata `job.opts.telemetry.metadata`
 */
export function parseTraceParent(metadata: string | undefined): string | null {
  if (metadata === undefined) return null;
  try {
    return jobTelemetry.parse(JSON.parse(metadata)).traceparent;
  } catch {
    return null;
  }
}
