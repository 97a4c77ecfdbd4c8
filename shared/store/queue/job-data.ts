import { z } from 'zod';

/** A job carries ids, never a subject: BullMQ keeps job data, return values and reasons in clear text. */
export interface JobData {
  /** Of the verification. */
  readonly id: string;
  readonly clientId: string;
}

/**
 * The id of a job says which verification it is about, so its data need not. With both, two ids as long as ours are, a value is
 * longer than the 64 bytes up to which Redis packs a hash: each of two jobs would take twice the memory.
 *
 * Versions before this one write both, and read the record where one is missing.
 */
const stored = z.strictObject({ id: z.string().optional(), clientId: z.string() });

export const storedJobData = ({ clientId }: JobData): z.infer<typeof stored> => ({ clientId });

/** @returns null for what is no job of ours */
export function readJobData(jobId: string, data: unknown): JobData | null {
  const parsed = stored.safeParse(data);
  return parsed.success
    ? { id: parsed.data.id ?? verificationOfJob(jobId), clientId: parsed.data.clientId }
    : null;
}

/** The event of a redelivery has a job of its own, `<id>-r<count>`. */
export const verificationOfJob = (jobId: string): string => jobId.replace(/-r\d+$/, '');
