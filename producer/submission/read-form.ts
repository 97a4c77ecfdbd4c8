import { z } from 'zod';
import { dropByteOrderMarks } from '../../shared/contract/byte-order-mark.ts';
import { presentIssues } from '../../shared/contract/present-issues.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import { type SubmissionForm, submission, submissionForm } from '../../shared/contract/submission.ts';
import type { ReadableInput, SubmissionInput } from '../../shared/validation/submission.ts';
import { JsonWithPhoto, ReceivedForm } from '../body/accept-bodies.ts';
import { PHOTO, type ReadParts, readParts } from './read-parts.ts';

/** What was submitted, whichever way it came; texts are texts, nothing else is known yet. */
export interface SubmittedForm {
  readonly status: 'read';
  readonly fields: SubmissionForm;
  readonly photo: SubmissionInput['photo'];
}

/** The fields that are there and of the right kind, though others are not. */
export type ReadableFields = ReadableInput & Omit<ReadableTexts, PhotoField>;

/** Of another shape than a submission. What can be read of it is validated too, so that all its errors are known at once. */
export interface MisshapenForm {
  readonly status: 'misshapen';
  readonly errors: readonly FieldError[];
  readonly readable: ReadableFields;
}

export type FormReading = SubmittedForm | MisshapenForm;

/**
 * @param received as the parser of its content type left it
 * @throws {ProblemError} when a form is too large
 */
export function readForm(received: unknown): FormReading {
  if (received instanceof ReceivedForm) return composeForm(readParts(received.parts));
  const decoded = received instanceof JsonWithPhoto ? received.photo : undefined;
  const body = dropByteOrderMarks(received instanceof JsonWithPhoto ? received.fields : received);
  const parsed = submission.safeParse(body);
  if (parsed.success) {
    const { imageBase64, imageUrl, photoId, ...fields } = parsed.data;
    const given = { imageBase64, imageUrl, photoId };
    const photo = photoOf(given, decoded);
    if (photo !== undefined && listPhotoErrors(body, given).length === 0) {
      return { status: 'read', fields, photo };
    }
  }
  return readMisshapen(body, parsed.error?.issues ?? [], decoded);
}

/** @param decoded the photo of a body in JSON, where it never was a text */
function readMisshapen(
  body: unknown,
  issues: readonly z.core.$ZodIssue[],
  decoded: Buffer | undefined,
): MisshapenForm {
  const { imageBase64, imageUrl, photoId, ...readable } = pickReadable(body, issues);
  const given = { imageBase64, imageUrl, photoId };
  const photo = photoOf(given, decoded);
  const errors = [...presentIssues(issues, body), ...listPhotoErrors(body, given)];
  return { status: 'misshapen', errors, readable: photo === undefined ? readable : { ...readable, photo } };
}

function photoOf(
  { imageBase64, imageUrl, photoId }: GivenPhotos,
  decoded: Buffer | undefined,
): SubmittedForm['photo'] | undefined {
  if (imageBase64 !== undefined) {
    return decoded === undefined
      ? { form: 'base64', text: imageBase64 }
      : { form: 'decoded', bytes: decoded };
  }
  if (imageUrl !== undefined) return { form: 'url', url: imageUrl };
  return photoId === undefined ? undefined : { form: 'upload', photoId };
}

/** Exactly one of the three must be given. One of the wrong kind has an error of its own. */
function listPhotoErrors(body: unknown, given: GivenPhotos): FieldError[] {
  const [, second] = PHOTO_FIELDS.filter((field) => given[field] !== undefined);
  if (second !== undefined) {
    return [
      { pointer: `/${second}`, code: 'photo_twice', detail: 'must be absent: the photo is given already' },
    ];
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  if (!isObject || PHOTO_FIELDS.some((field) => Object.hasOwn(body, field))) return [];
  return [{ pointer: '/imageBase64', code: 'required', detail: 'must be present' }];
}

const PHOTO_FIELDS = ['imageBase64', 'imageUrl', 'photoId'] as const;
type PhotoField = (typeof PHOTO_FIELDS)[number];
type GivenPhotos = { readonly [Field in PhotoField]: string | undefined };

/** zod makes them from the schema at each asking. */
const FIELDS = submission.keyof().options;

type ReadableTexts = { readonly [Field in keyof z.input<typeof submission>]?: string };

/** The texts of a misshapen body of which the schema had nothing to say. */
function pickReadable(body: unknown, issues: readonly z.core.$ZodIssue[]): ReadableTexts {
  const faulty = new Set(issues.map(({ path }) => path[0]));
  const texts = z.record(z.string(), z.unknown()).safeParse(body);
  return Object.fromEntries(
    FIELDS.flatMap((field) => {
      const text = texts.success && Object.hasOwn(texts.data, field) ? texts.data[field] : undefined;
      return typeof text === 'string' && !faulty.has(field) ? [[field, text]] : [];
    }),
  );
}

/** What a form's parts were read as; the library's fields, which may be of any type, are read the same way. */
export function composeForm({
  texts,
  unreadable,
  photo,
  errors: partErrors,
}: Omit<ReadParts, 'texts'> & { readonly texts: ReadonlyMap<string, unknown> }): FormReading {
  const fields = Object.fromEntries(texts);
  const parsed = submissionForm.safeParse(fields);
  if (parsed.success && photo !== undefined && partErrors.length === 0) {
    return { status: 'read', fields: parsed.data, photo: { form: 'bytes', bytes: photo } };
  }
  const issues = (parsed.error?.issues ?? []).filter(({ path }) => !unreadable.has(String(path[0])));
  // A text part of this name is refused by the schema: the photo of a form is a file.
  const {
    imageBase64: _,
    imageUrl: __,
    photoId: ___,
    ...readable
  } = pickReadable(Object.fromEntries([...texts].filter(([name]) => !unreadable.has(name))), issues);
  const pointer = `/${PHOTO}`;
  const isMissing = photo === undefined && !partErrors.some((error) => error.pointer === pointer);
  const missing = { pointer, code: 'required', detail: 'must be present, as a file part' };
  return {
    status: 'misshapen',
    errors: [...partErrors, ...presentIssues(issues, fields), ...(isMissing ? [missing] : [])],
    readable: photo === undefined ? readable : { ...readable, photo: { form: 'bytes', bytes: photo } },
  };
}
