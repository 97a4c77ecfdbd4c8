import type { FastifyRequest } from 'fastify';
import type { FieldError } from '../../shared/contract/problem.ts';
import { type SubmissionForm, submission, submissionForm } from '../../shared/contract/submission.ts';
import type { SubmissionInput } from '../../shared/precheck/submission.ts';
import { parseInput } from '../field-errors.ts';
import { FORM_BODY_BYTES, FORM_FIELD_BYTES, FORM_PARTS, PHOTO_PART_BYTES } from '../http-limits.ts';
import { ProblemError } from '../problem.ts';

/** What was submitted, whichever way it came; texts are texts, nothing else is known yet. */
export interface SubmittedForm {
  readonly fields: SubmissionForm;
  readonly photo: SubmissionInput['photo'];
}

/** @throws {ProblemError} when the body is not of the shape of a submission */
export async function readForm(request: FastifyRequest): Promise<SubmittedForm> {
  if (request.isMultipart()) return readMultipart(request);
  const { imageBase64, ...fields } = parseInput(submission, request.body, 'invalid_submission');
  return { fields, photo: { form: 'base64', text: imageBase64 } };
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
async function readMultipart(request: FastifyRequest): Promise<SubmittedForm> {
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
  const fields = parseFields(texts, errors);
  if (photo === undefined) {
    errors.push({ pointer: '/image', code: 'required', detail: 'must be present, as a file part' });
  }
  if (fields === undefined || photo === undefined || errors.length > 0) {
    throw new ProblemError('invalid_submission', { errors });
  }
  return { fields, photo: { form: 'bytes', bytes: photo } };
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

/** Adds its errors to those of the parts, so that all are told at once. */
function parseFields(texts: ReadonlyMap<string, unknown>, errors: FieldError[]): SubmissionForm | undefined {
  try {
    return parseInput(submissionForm, Object.fromEntries(texts), 'invalid_submission');
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    errors.push(...(error.errors ?? []));
    return undefined;
  }
}
