import { z } from 'zod';
import { dropByteOrderMarks } from '../../shared/contract/byte-order-mark.ts';
import type { SubmissionFields } from '../../shared/contract/submission.ts';
import { composeForm, type FormReading, readForm } from '../submission/read-form.ts';
import { PHOTO } from '../submission/read-parts.ts';

/** The fields of `POST /v1/verifications`, with the photo as Base64, as bytes, or as the URL that it is fetched from. */
export type ProducerSubmission = SubmissionFields &
  (
    | { readonly imageBase64: string; readonly image?: undefined; readonly imageUrl?: undefined }
    | { readonly image: Uint8Array; readonly imageBase64?: undefined; readonly imageUrl?: undefined }
    | { readonly imageUrl: string; readonly image?: undefined; readonly imageBase64?: undefined }
  );

const record = z.record(z.string(), z.unknown());

/** As the body of a request is read, and so with the same errors; an undefined field is one that is not there. */
export function readSubmission(given: unknown): FormReading {
  const parsed = record.safeParse(given);
  if (!parsed.success) return readForm(given);
  const { [PHOTO]: image, ...fields } = Object.fromEntries(
    Object.entries(parsed.data).filter((field) => field[1] !== undefined),
  );
  if (image === undefined) return readForm(fields);
  const isBytes = image instanceof Uint8Array;
  const texts = record.parse(dropByteOrderMarks(fields));
  return composeForm({
    texts: new Map(Object.entries(texts)),
    unreadable: new Set(),
    // A copy: what is sealed must be what was checked, whatever its owner does with the bytes meanwhile.
    photo: isBytes ? Buffer.from(image) : undefined,
    errors: isBytes ? [] : [{ pointer: `/${PHOTO}`, code: 'invalid_type', detail: 'must be bytes' }],
  });
}
