import type { SubmissionForm } from '../contract/submission.ts';
import type { ValidatedField } from '../contract/submission-fields.ts';
import type { SubjectFields } from '../sealing/subject.ts';
import { checkExtra } from './extra.ts';
import { checkIdCard, type IdCardOptions } from './id-card.ts';
import { checkPersonName } from './person-name.ts';
import { checkPhotoBase64, checkPhotoBytes } from './photo.ts';
import { type FieldCheck, VALIDATION_FAILURES, type ValidationCode } from './validation-failure.ts';

/** What was submitted, after the HTTP door has established that texts are texts. */
export type SubmissionInput = Readonly<Pick<SubmissionForm, ValidatedText>> & { readonly photo: PhotoInput };
type ValidatedText = Exclude<ValidatedField, 'photo'>;

/** JSON carries the photo as `imageBase64`, multipart as the file part `image`. `decoded`: its Base64 was checked before. */
type PhotoInput =
  | { readonly form: 'base64'; readonly text: string }
  | { readonly form: 'decoded'; readonly bytes: Buffer }
  | { readonly form: 'bytes'; readonly bytes: Buffer }
  /** Where it is: its bytes are checked when they have been fetched. */
  | { readonly form: 'url'; readonly url: string }
  | { readonly form: 'upload'; readonly photoId: string };

export type ValidationOptions = IdCardOptions;

/** One entry of a problem's `errors[]`. Never holds a submitted value. */
interface ValidationError {
  /** JSON Pointer (RFC 6901) of the field; for multipart, `/` and the name of the part. */
  readonly pointer: `/${ValidatedText | 'imageBase64' | 'image'}`;
  readonly code: ValidationCode;
  readonly detail: string;
}

export type SubmissionValidation =
  /** `photo` is null where it has still to be fetched. */
  | { readonly ok: true; readonly person: SubjectFields; readonly photo: Buffer | null }
  | { readonly ok: false; readonly errors: readonly ValidationError[] };

/** Checks everything that can be known to fail without asking the upstream, and reports all of it at once. */
export function validateSubmission(input: SubmissionInput, options: ValidationOptions): SubmissionValidation {
  const checks = checkFields(input, options);
  const errors = listErrors(checks, input.photo);
  const { idCard, name, photo } = checks;
  if (errors.length > 0 || !idCard?.ok || !name?.ok || photo?.ok === false) return { ok: false, errors };
  return { ok: true, person: { idCard: idCard.value, name: name.value }, photo: photo?.value ?? null };
}

/** The fields of a submission as far as they could be read; the schema reports what is missing. */
export type ReadableInput = {
  readonly [Field in keyof SubmissionInput]?: SubmissionInput[Field] | undefined;
};

/** What the fields that are there break, of a submission that lacks some or has others of the wrong kind. */
export function listValidationErrors(
  input: ReadableInput,
  options: ValidationOptions,
): readonly ValidationError[] {
  return listErrors(checkFields(input, options), input.photo);
}

/** Undefined for a field that is absent. */
function checkFields({ idCard, name, photo, extra }: ReadableInput, options: ValidationOptions) {
  return {
    idCard: idCard === undefined ? undefined : checkIdCard(idCard, options),
    name: name === undefined ? undefined : checkPersonName(name),
    photo: photo === undefined || isReference(photo) ? undefined : checkPhoto(photo),
    extra: extra === undefined ? undefined : checkExtra(extra),
  } satisfies FieldChecks;
}

type FieldChecks = { readonly [Field in ValidatedField]: FieldCheck<unknown> | undefined };

type Reference = Extract<PhotoInput, { form: 'url' | 'upload' }>;
const isReference = (photo: PhotoInput): photo is Reference =>
  photo.form === 'url' || photo.form === 'upload';

function checkPhoto(photo: Exclude<PhotoInput, Reference>): FieldCheck<Buffer> {
  return photo.form === 'base64' ? checkPhotoBase64(photo.text) : checkPhotoBytes(photo.bytes);
}

function listErrors(checks: FieldChecks, photo: PhotoInput | undefined): readonly ValidationError[] {
  const photoName = photo?.form === 'bytes' ? 'image' : 'imageBase64';
  return (Object.keys(checks) as ValidatedField[]).flatMap((field) => {
    const check = checks[field];
    if (check === undefined || check.ok) return [];
    const pointer = `/${field === 'photo' ? photoName : field}` as const;
    return check.codes.map((code) => ({ pointer, code, detail: VALIDATION_FAILURES[code] }));
  });
}
