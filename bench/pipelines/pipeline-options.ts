/** What the processes of a pipeline written by hand on BullMQ are given. */
export interface PipelineOptions {
  readonly redisUrl: string;
  readonly upstreamUrl: string;
  readonly receiverUrl: string;
  /** Of each of the two workers. */
  readonly concurrency: number;
  /** 32 bytes as Base64. The plain pipeline seals nothing. */
  readonly sealingKey: string;
  /** `whsec_…`. The plain pipeline signs nothing. */
  readonly webhookSecret: string;
}

/** A photo as it came: each pipeline makes of it what it keeps. */
export type SubmittedPhoto = { readonly base64: string } | { readonly bytes: Buffer };

export interface PipelineSubmission {
  readonly idCard: string;
  readonly name: string;
  readonly photo: SubmittedPhoto;
}

/** @returns the id of the verification, once it is queued */
export type PipelineIntake = (submission: PipelineSubmission) => Promise<string>;

export const photoBytes = (photo: SubmittedPhoto): Buffer =>
  'bytes' in photo ? photo.bytes : Buffer.from(photo.base64, 'base64');

export const photoBase64 = (photo: SubmittedPhoto): string =>
  'base64' in photo ? photo.base64 : photo.bytes.toString('base64');
