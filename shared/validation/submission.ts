import type { Subject } from '../sealing/subject.ts';
import { checkExtra } from './extra.ts';
import { checkIdCard, type IdCardOptions } from './id-card.ts';
import { checkPersonName } from './person-name.ts';
import { checkPhotoBase64, checkPhotoBytes } from './photo.ts';
import { type FieldCheck, PRECHECK_FAILURES, type PrecheckCode, passed } from './precheck-failure.ts';

/** What was submitted, after the HTTP door has established that texts are texts. */
export interface SubmissionInput {
  readonly idCard: string;
  readonly name: string;
  readonly photo: PhotoInput;
  readonly extra?: string | undefined;
}

/** JSON carries the photo as `imageBase64`, multipart as the file part `image`. */
type PhotoInput =
  | { readonly form: 'base64'; readonly text: string }
  | { readonly form: 'bytes'; readonly bytes: Buffer };

export type PrecheckOptions = IdCardOptions;

/** One entry of a problem's `errors[]`. Never holds a submitted value. */
interface PrecheckError {
  /** JSON Pointer (RFC 6901) of the field; for multipart, `/` and the name of the part. */
  readonly pointer: '/idCard' | '/name' | '/imageBase64' | '/image' | '/extra';
  readonly code: PrecheckCode;
  readonly detail: string;
}

export type PrecheckResult =
  | { readonly ok: true; readonly subject: Subject; readonly extra: string | undefined }
  | { readonly ok: false; readonly errors: readonly PrecheckError[] };

/** Checks everything that can be known to fail without asking the upstream, and reports all of it at once. */
export function precheckSubmission(input: SubmissionInput, options: PrecheckOptions): PrecheckResult {
  const idCard = checkIdCard(input.idCard, options);
  const name = checkPersonName(input.name);
  const photo = checkPhoto(input.photo);
  const extra = input.extra === undefined ? passed(undefined) : checkExtra(input.extra);

  if (idCard.ok && name.ok && photo.ok && extra.ok) {
    return {
      ok: true,
      subject: { idCard: idCard.value, name: name.value, photo: photo.value },
      extra: extra.value,
    };
  }
  return { ok: false, errors: listPrecheckErrors(input, options) };
}

/** The fields of a submission as far as they could be read; what is missing is judged elsewhere. */
export type ReadableInput = {
  readonly [Field in keyof SubmissionInput]?: SubmissionInput[Field] | undefined;
};

/** What the fields that are there break, of a submission that lacks some or has others of the wrong kind. */
export function listPrecheckErrors(
  { idCard, name, photo, extra }: ReadableInput,
  options: PrecheckOptions,
): readonly PrecheckError[] {
  return [
    ...(idCard === undefined ? [] : listErrors('/idCard', checkIdCard(idCard, options))),
    ...(name === undefined ? [] : listErrors('/name', checkPersonName(name))),
    ...(photo === undefined
      ? []
      : listErrors(photo.form === 'base64' ? '/imageBase64' : '/image', checkPhoto(photo))),
    ...(extra === undefined ? [] : listErrors('/extra', checkExtra(extra))),
  ];
}

function checkPhoto(photo: PhotoInput): FieldCheck<Buffer> {
  return photo.form === 'base64' ? checkPhotoBase64(photo.text) : checkPhotoBytes(photo.bytes);
}

function listErrors(pointer: PrecheckError['pointer'], check: FieldCheck<unknown>): readonly PrecheckError[] {
  return check.ok ? [] : check.codes.map((code) => ({ pointer, code, detail: PRECHECK_FAILURES[code] }));
}
