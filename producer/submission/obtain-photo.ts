import type { SubjectStore } from '../../shared/store/subjects/subject-store.ts';
import { checkPhotoBytes } from '../../shared/validation/photo.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';
import { ProblemError } from '../problem.ts';
import type { ProducerLog } from '../producer-log.ts';
import type { PhotoReference } from './check-submission.ts';
import type { Enqueueing } from './enqueue.ts';
import type { PhotoFetcher } from './fetch-photo.ts';

/** The bytes of a photo that has been checked, wherever it came from. */
export interface ArrivedPhoto {
  readonly bytes: Buffer;
  /** Does what the fate of its submission means for an upload. It does not throw. */
  end(fate: Enqueueing['status']): Promise<void>;
}

interface ObtainDeps {
  readonly photos: Pick<PhotoFetcher, 'fetch'>;
  readonly subjects: Pick<SubjectStore, 'uploads'>;
  readonly log: ProducerLog;
}

/**
 * Fetches a photo that is given by reference; one that was sent is at hand.
 *
 * @throws {ProblemError} invalid_submission, which points to the reference; what the fetcher throws
 * @throws {PhotoStoreUnavailable}
 */
export async function obtainPhoto(
  deps: ObtainDeps,
  clientId: string,
  photo: Buffer | PhotoReference,
): Promise<ArrivedPhoto> {
  const end = async () => undefined;
  if (Buffer.isBuffer(photo)) return { bytes: photo, end };
  if ('url' in photo) return { bytes: await deps.photos.fetch(clientId, photo.url), end };
  return takeUpload(deps, clientId, photo.photoId);
}

async function takeUpload(
  { subjects, log }: ObtainDeps,
  clientId: string,
  photoId: string,
): Promise<ArrivedPhoto> {
  const taken = await subjects.uploads?.take(clientId, photoId);
  if (taken === undefined || taken === null) {
    throw refuse(
      'photo_id_unknown',
      'must be of an upload of yours that has not expired, and that no submission has used',
    );
  }
  const quietly = (ending: Promise<void>) =>
    ending.catch((error: unknown) =>
      log.warn({ event: 'upload_not_ended', err: error }, 'an upload stays until it expires'),
    );
  let bytes: Buffer | null;
  try {
    bytes = await taken.read();
  } catch (error) {
    await quietly(taken.giveBack());
    throw error;
  }
  const check = bytes === null ? null : checkPhotoBytes(bytes);
  if (check?.ok === true) {
    return {
      bytes: check.value,
      end: async (fate) => {
        // Of an unknown fate nothing is known: a repeat under its key finds out, and the upload expires.
        if (fate === 'accepted') await quietly(taken.finish());
        if (fate === 'refused') await quietly(taken.giveBack());
      },
    };
  }
  await quietly(taken.giveBack());
  if (check === null) throw refuse('photo_id_missing', 'must have been uploaded before it is submitted');
  const errors = check.codes.map((code) => ({
    pointer: '/photoId',
    code,
    detail: VALIDATION_FAILURES[code],
  }));
  throw new ProblemError('invalid_submission', { errors });
}

const refuse = (code: string, detail: string) =>
  new ProblemError('invalid_submission', { errors: [{ pointer: '/photoId', code, detail }] });
