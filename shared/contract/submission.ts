import { z } from 'zod';
import { queryNumber } from './query-number.ts';
import { priority, verificationStatus } from './verification.ts';

/** Longest `reference` a client may attach, in characters. */
const REFERENCE_MAX = 128;
const CALLBACK_URL_MAX = 2048;

const reference = z
  .string()
  .min(1)
  .max(REFERENCE_MAX)
  // U+FFFD stands where bytes were no UTF-8: the event would carry a reference that its client does not know.
  .refine((text) => !text.includes('\uFFFD'), {
    params: { code: 'not_utf8' },
    error: 'was not sent as UTF-8',
  });

const subjectTexts = {
  idCard: z.string().describe('18-character resident identity number'),
  name: z.string().describe('as on the card, 1 to 64 characters'),
};

/**
 * The fields beside the subject. `shared/validation` says what they must look like beyond their type: it knows why each rule
 * exists and names the failed one. What is done with each field: `submission-fields.ts`.
 */
const options = {
  extra: z
    .string()
    .optional()
    .describe('1 to 10 characters, returned by the upstream (API page, 2. Input Parameters)'),
  reference: reference
    .optional()
    .describe('your own name for it, 1 to 128 characters; no personal data, because it is not sealed'),
  callbackUrl: z
    .string()
    .max(CALLBACK_URL_MAX)
    .optional()
    .describe(
      'where the event goes: http or https, at an origin that is registered for you; default: your client’s own',
    ),
  answerBy: z.iso
    .datetime({ offset: true })
    .optional()
    .describe(
      'RFC 3339: refused with cannot_meet_deadline unless it can be promised; without an answer by then, it fails with Veriqueue.DeadlinePassed and is not asked about afterwards',
    ),
  priority: priority.default('interactive'),
};

/** `POST /v1/verifications` as `application/json`. */
export const submission = z
  .strictObject({
    ...subjectTexts,
    imageBase64: z
      .string()
      .optional()
      .describe(
        'JPEG or PNG, standard Base64 with padding, at most 3 MiB of Base64. Exactly one of imageBase64, imageUrl and photoId must be given',
      ),
    imageUrl: z
      .string()
      .max(CALLBACK_URL_MAX)
      .optional()
      .describe(
        'instead of imageBase64: where the photo can be fetched from by GET, such as a presigned address of an object store. https, at an origin that is registered for you, of type image/jpeg or image/png, at most 2,359,296 bytes',
      ),
    photoId: z
      .string()
      .max(64)
      .optional()
      .describe(
        'instead of imageBase64: a photo that was uploaded to an address of POST /v1/photos; one submission can use it',
      ),
    ...options,
  })
  .meta({ id: 'Submission' });

/** The fields of the `multipart/form-data` form; the photo comes as the file part `image`. */
export const submissionForm = z.strictObject({ ...subjectTexts, ...options });
export type SubmissionForm = z.infer<typeof submissionForm>;
/** As its sender writes it: what has a default may be left out. */
export type SubmissionFields = z.input<typeof submissionForm>;

const queriedInstant = z.iso.datetime({ offset: true }).transform(Date.parse);

/** `GET /v1/verifications`. */
export const listQuery = z.strictObject({
  reference: reference.optional().describe('exactly the reference they were submitted with'),
  status: verificationStatus.optional(),
  code: z.string().min(1).max(100).optional().describe('the code of their outcome, as in GET /v1/outcomes'),
  submittedFrom: queriedInstant.optional().describe('RFC 3339: submitted then or later'),
  submittedBefore: queriedInstant.optional().describe('RFC 3339: submitted earlier than that'),
  limit: queryNumber({ min: 1, max: 100 }).default(20).describe('the size of a page'),
  cursor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('`nextCursor` of the page before, with the same filters'),
});
