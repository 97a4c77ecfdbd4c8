import { listDigestParts, SUBMISSION_DIGEST } from '../../shared/contract/digest-parts.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import {
  pickFields,
  STORED_FIELDS,
  type StoredOptions,
  type SubmissionField,
} from '../../shared/contract/submission-fields.ts';
import type { DigestPart } from '../../shared/sealing/digest.ts';
import type { SubjectFields } from '../../shared/sealing/subject.ts';
import { isCallbackAllowed } from '../../shared/store/clients/allowed-callback.ts';
import type { ClientIdentity } from '../../shared/store/clients/client.ts';
import { listExposedFields } from '../../shared/validation/exposed-subject.ts';
import { listValidationErrors, validateSubmission } from '../../shared/validation/submission.ts';
import { parseCallbackUrl } from '../../shared/webhook/callback-url.ts';
import { ProblemError } from '../problem.ts';
import type { FormReading, MisshapenForm, SubmittedForm } from './read-form.ts';

export interface CheckDeps {
  readonly rules: { readonly allowInsecureCallbacks: boolean; readonly allowCheckDigitFailure: boolean };
  readonly now: () => number;
}

/** A submission that passed every check that costs nothing. */
export interface CheckedSubmission {
  readonly person: SubjectFields;
  /** Its bytes, or where it is to be fetched from. */
  readonly photo: Buffer | PhotoReference;
  readonly options: StoredOptions;
}

/** One of the two. */
export type PhotoReference = { readonly url: string } | { readonly photoId: string };

/** @throws {ProblemError} invalid_submission, with everything that is wrong */
export function checkSubmission(
  deps: CheckDeps,
  client: ClientIdentity,
  form: FormReading,
): CheckedSubmission {
  if (form.status === 'misshapen') throw refuseMisshapen(deps, client, form);
  const { fields, photo } = form;
  const result = validateSubmission({ ...fields, photo }, validationOptions(deps));
  const callback = checkUrl(deps, client, 'callbackUrl', fields.callbackUrl);
  const reference = photo.form === 'url' ? checkUrl(deps, client, 'imageUrl', photo.url) : null;
  const errors: FieldError[] = [
    ...(result.ok ? [] : result.errors),
    ...(reference === null || reference.ok ? [] : [reference.error]),
    ...listExposedFields(result.ok ? result.person : fields, fields),
    ...(callback.ok ? [] : [callback.error]),
  ];
  if (!result.ok || !callback.ok || errors.length > 0)
    throw new ProblemError('invalid_submission', { errors });
  return {
    person: result.person,
    photo: result.photo ?? referenceOf(photo, reference),
    options: {
      ...pickFields(fields, STORED_FIELDS),
      callbackUrl: callback.href,
      // One instant has many spellings, and a repeat may choose another.
      ...(fields.answerBy === undefined ? {} : { answerBy: new Date(fields.answerBy).toISOString() }),
    },
  };
}

/** @throws {TypeError} for a photo that was sent: its bytes are there */
function referenceOf(photo: SubmittedForm['photo'], checked: UrlCheck | null): PhotoReference {
  if (photo.form === 'upload') return { photoId: photo.photoId };
  if (checked?.ok === true && checked.href !== undefined) return { url: checked.href };
  throw new TypeError('A photo must be sent or referred to');
}

const validationOptions = ({ now, rules }: CheckDeps) => ({
  now: now(),
  allowCheckDigitFailure: rules.allowCheckDigitFailure,
});

/** Everything that is wrong with it: its shape, and what stands in the fields that can be read. */
function refuseMisshapen(
  deps: CheckDeps,
  client: ClientIdentity,
  { errors, readable }: MisshapenForm,
): ProblemError {
  const callback = checkUrl(deps, client, 'callbackUrl', readable.callbackUrl);
  const { photo } = readable;
  const reference = checkUrl(deps, client, 'imageUrl', photo?.form === 'url' ? photo.url : undefined);
  return new ProblemError('invalid_submission', {
    errors: [
      ...errors,
      ...listValidationErrors(readable, validationOptions(deps)),
      ...(reference.ok ? [] : [reference.error]),
      ...listExposedFields(readable, readable),
      ...(callback.ok ? [] : [callback.error]),
    ],
  });
}

type UrlCheck =
  | { readonly ok: true; readonly href: string | undefined }
  | { readonly ok: false; readonly error: FieldError };

/** Where an event goes to and where a photo comes from are judged alike. */
function checkUrl(
  { rules }: CheckDeps,
  client: ClientIdentity,
  field: 'callbackUrl' | 'imageUrl',
  url: string | undefined,
): UrlCheck {
  if (url === undefined) return { ok: true, href: undefined };
  const kind = field === 'callbackUrl' ? 'callback' : 'image_url';
  const refuse = (code: string, detail: string): UrlCheck => ({
    ok: false,
    error: { pointer: `/${field}`, code: `${kind}_${code}`, detail },
  });
  const parsed = parseCallbackUrl(url, { allowInsecure: rules.allowInsecureCallbacks });
  if (!parsed.ok) {
    // Which address was refused, and why, would let a client map the network behind this service.
    return parsed.problem === 'forbidden_host'
      ? refuse('refused', 'is refused')
      : refuse(parsed.problem, 'must be an absolute https URL without credentials and fragment');
  }
  if (!isCallbackAllowed(client, parsed)) {
    return refuse('origin', 'must have one of the origins registered for this client');
  }
  return { ok: true, href: parsed.href };
}

/**
 * The submission as it will be used, so that JSON and multipart, or two spellings of one name, are the same. A photo by
 * reference counts by its URL: a repeat must find the verification also when the photo is gone.
 */
export function canonicalParts({ person, photo, options }: CheckedSubmission): readonly DigestPart[] {
  return listDigestParts<SubmissionField, string | Buffer>(SUBMISSION_DIGEST, {
    ...person,
    photo: Buffer.isBuffer(photo) ? photo : 'url' in photo ? photo.url : photo.photoId,
    ...options,
  });
}
