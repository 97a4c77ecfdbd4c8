import { loadTestIdNumber } from '../../sandbox/id-number.ts';

/** Each job is about a person of its own, so that the upstream's log says which job a call was for. */
export interface PersonOfJob {
  readonly idCard: string;
  readonly name: string;
}

export const personOfJob = (job: number): PersonOfJob => ({ idCard: loadTestIdNumber(job), name: '测试甲' });

const REFERENCE = /^job-(\d+)$/;

export const referenceOfJob = (job: number): string => `job-${job}`;

/** Null for a reference that is none of the storm's. */
export function jobOfReference(reference: unknown): number | null {
  const [, job] = typeof reference === 'string' ? (REFERENCE.exec(reference) ?? []) : [];
  return job === undefined ? null : Number(job);
}
