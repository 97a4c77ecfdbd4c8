import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { FieldError } from '../../shared/contract/problem.ts';
import { type SubmissionForm, submission, submissionForm } from '../../shared/contract/submission.ts';
import type { ReadableInput, SubmissionInput } from '../../shared/precheck/submission.ts';
import { presentIssues } from '../field-errors.ts';
import { FORM_BODY_BYTES, FORM_FIELD_BYTES, FORM_PARTS, PHOTO_PART_BYTES } from '../http-limits.ts';
import { ProblemError } from '../problem.ts';

/** What was submitted, whichever way it came; texts are texts, nothing else is known yet. */
export interface SubmittedForm {
  readonly status: 'read';
  readonly fields: SubmissionForm;
  readonly photo: SubmissionInput['photo'];
}

/** The fields that are there and of the right kind, though others are not. */
export type ReadableFields = ReadableInput &
  Pick<
    { readonly [Field in keyof SubmissionForm]?: SubmissionForm[Field] | undefined },
    'reference' | 'callbackUrl'
  >;

/** Of another shape than a submission. What can be read of it is judged too, so that all its errors are known at once. */
export interface MisshapenForm {
  readonly status: 'misshapen';
  readonly errors: readonly FieldError[];
  readonly readable: ReadableFields;
}

export type FormReading = SubmittedForm | MisshapenForm;

/** @throws {ProblemError} when the body cannot be read as a form at all */
export async function readForm(request: FastifyRequest): Promise<FormReading> {
  if (request.isMultipart()) return readMultipart(request);
  const parsed = submission.safeParse(request.body);
  if (!parsed.success) {
    const { imageBase64, ...readable } = pickReadable(request.body, parsed.error.issues);
    const photo = imageBase64 === undefined ? {} : { photo: { form: 'base64', text: imageBase64 } as const };
    return {
      status: 'misshapen',
      errors: presentIssues(parsed.error.issues, request.body),
      readable: { ...readable, ...photo },
    };
  }
  const { imageBase64, ...fields } = parsed.data;
  return { status: 'read', fields, photo: { form: 'base64', text: imageBase64 } };
}

const JUDGED_TEXTS = ['idCard', 'name', 'imageBase64', 'extra', 'reference', 'callbackUrl'] as const;
type JudgedTexts = { readonly [Field in (typeof JUDGED_TEXTS)[number]]?: string };

/** The texts of a misshapen body of which the schema had nothing to say. */
function pickReadable(body: unknown, issues: readonly z.core.$ZodIssue[]): JudgedTexts {
  const faulty = new Set(issues.map(({ path }) => path[0]));
  const texts = z.record(z.string(), z.unknown()).safeParse(body);
  return Object.fromEntries(
    JUDGED_TEXTS.flatMap((field) => {
      const text = texts.success && Object.hasOwn(texts.data, field) ? texts.data[field] : undefined;
      return typeof text === 'string' && !faulty.has(field) ? [[field, text]] : [];
    }),
  );
}

const PART_LIMITS = {
  fileSize: PHOTO_PART_BYTES,
  fieldSize: FORM_FIELD_BYTES,
  fieldNameSize: 100,
  // One more than is taken, so that a second photo is refused by name and not as a limit.
  files: 2,
  parts: FORM_PARTS,
  headerPairs: 20,
};

/**
 * Reads every part before judging any: a form of which a part was left unread keeps its connection from being used
 * again. The limits bound what that costs.
 */
async function readMultipart(request: FastifyRequest): Promise<FormReading> {
  // A form that does not say its length is bounded by its parts, and by the time it may take.
  if (Number(request.headers['content-length'] ?? 0) > FORM_BODY_BYTES)
    throw new ProblemError('body_too_large');
  const texts = new Map<string, unknown>();
  const errors: FieldError[] = [];
  let photo: Buffer | undefined;
  for await (const part of readAllParts(request)) {
    if (part.type === 'file') {
      const error = judgeFile(part.name, photo !== undefined);
      if (error) errors.push(error);
      else photo = part.bytes;
    } else if (texts.has(part.name)) {
      errors.push({ pointer: '', code: 'duplicate_field', detail: 'must hold each field once' });
    } else if (part.isCut) {
      throw new ProblemError('body_too_large');
    } else {
      texts.set(part.name, part.value);
    }
  }
  return composeForm(Object.fromEntries(texts), photo, errors);
}

function composeForm(
  texts: Readonly<Record<string, unknown>>,
  photo: Buffer | undefined,
  partErrors: readonly FieldError[],
): FormReading {
  const parsed = submissionForm.safeParse(texts);
  if (parsed.success && photo !== undefined && partErrors.length === 0) {
    return { status: 'read', fields: parsed.data, photo: { form: 'bytes', bytes: photo } };
  }
  const issues = parsed.error?.issues ?? [];
  // A text part of this name is refused by the schema: the photo of a form is a file.
  const { imageBase64: _, ...readable } = pickReadable(texts, issues);
  const missing = { pointer: '/image', code: 'required', detail: 'must be present, as a file part' };
  return {
    status: 'misshapen',
    errors: [...partErrors, ...presentIssues(issues, texts), ...(photo === undefined ? [missing] : [])],
    readable: photo === undefined ? readable : { ...readable, photo: { form: 'bytes', bytes: photo } },
  };
}

/** Parts with their contents: of a file the bytes, of a field its value. */
async function* readParts(request: FastifyRequest) {
  for await (const part of request.parts({ limits: PART_LIMITS })) {
    if (part.type === 'file') yield { type: part.type, name: part.fieldname, bytes: await part.toBuffer() };
    else yield { type: part.type, name: part.fieldname, value: part.value, isCut: part.valueTruncated };
  }
}

/**
 * The parser's own errors have no kind of their own, and a message that may quote the body; only the plug-in's have a
 * status. Whatever has none means that the form cannot be read.
 */
async function* readAllParts(request: FastifyRequest) {
  try {
    yield* readParts(request);
  } catch (error) {
    throw error instanceof Error && 'statusCode' in error ? error : new ProblemError('malformed_body');
  }
}

function judgeFile(name: string, hasPhoto: boolean): FieldError | null {
  if (name !== 'image') {
    return { pointer: '', code: 'unknown_field', detail: 'must hold no other file part than image' };
  }
  return hasPhoto ? { pointer: '/image', code: 'duplicate_field', detail: 'must be one file' } : null;
}
