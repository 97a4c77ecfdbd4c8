import { pointerOf } from '../../shared/contract/present-issues.ts';
import type { FieldError } from '../../shared/contract/problem.ts';
import type { FormPart } from '../body/multipart.ts';
import { FORM_FIELD_BYTES, FORM_PARTS, PHOTO_PART_BYTES } from '../http-limits.ts';
import { ProblemError } from '../problem.ts';

/** What the parts of a form hold, before anybody judges it. */
export interface ReadParts {
  /** By the names of the parts. Empty where the text of a part cannot be read. */
  readonly texts: ReadonlyMap<string, string>;
  readonly unreadable: ReadonlySet<string>;
  readonly photo: Buffer | undefined;
  /** Of parts that cannot be used as they are. */
  readonly errors: readonly FieldError[];
}

/** Name of the photo's part. */
export const PHOTO = 'image';

/**
 * Reads every part before it refuses any, so that all errors are reported at once.
 *
 * @throws {ProblemError} body_too_large
 */
export function readParts(parts: readonly FormPart[]): ReadParts {
  if (parts.length > FORM_PARTS) throw new ProblemError('body_too_large');
  const { photo, errors: fileErrors } = readPhoto(parts.filter(({ isFile }) => isFile));
  const { texts, unreadable, errors } = readTexts(parts.filter(({ isFile }) => !isFile));
  return { texts, unreadable, photo, errors: [...fileErrors, ...errors] };
}

function readPhoto(files: readonly FormPart[]): Pick<ReadParts, 'photo' | 'errors'> {
  const errors = files.flatMap((file, i) => {
    const isSecond = files.slice(0, i).some(({ name }) => name === PHOTO);
    return validateFile(file, isSecond) ?? [];
  });
  return { photo: files.find(({ name }) => name === PHOTO)?.bytes, errors };
}

function readTexts(parts: readonly FormPart[]): Omit<ReadParts, 'photo'> {
  const errors: FieldError[] = [];
  const texts = new Map<string, string>();
  const unreadable = new Set<string>();
  for (const part of parts) {
    const { name } = part;
    const reading = validateText(part, texts.has(name)) ?? decode(part);
    const isReadable = typeof reading === 'string';
    if (!isReadable) errors.push(reading);
    if (name === PHOTO || texts.has(name)) continue;
    texts.set(name, isReadable ? reading : '');
    if (!isReadable) unreadable.add(name);
  }
  return { texts, unreadable, errors };
}

function validateFile({ name, bytes }: FormPart, hasPhoto: boolean): FieldError | null {
  if (name !== PHOTO) {
    return { pointer: '', code: 'unknown_field', detail: 'must hold no other file part than image' };
  }
  if (bytes.length > PHOTO_PART_BYTES) throw new ProblemError('body_too_large');
  return hasPhoto ? { pointer: `/${PHOTO}`, code: 'duplicate_field', detail: 'must be one file' } : null;
}

function validateText({ name, bytes }: FormPart, isKnown: boolean): FieldError | null {
  // Whatever its size: that it is long for a text is not why it cannot be read.
  if (name === PHOTO) {
    const detail = 'must be a file part: its Content-Disposition must have a filename';
    return { pointer: `/${PHOTO}`, code: 'photo_not_a_file', detail };
  }
  if (isKnown) return { pointer: '', code: 'duplicate_field', detail: 'must hold each field once' };
  if (bytes.length <= FORM_FIELD_BYTES) return null;
  return {
    pointer: pointerOf([name]),
    code: 'too_large',
    detail: `must not exceed ${FORM_FIELD_BYTES} bytes`,
  };
}

/** A part may say in which charset its text is (RFC 7578, section 4.4), and some HTTP libraries send texts as JSON. */
function decode({ name, bytes, charset, mediaType }: FormPart): string | FieldError {
  try {
    const text = new TextDecoder(charset).decode(bytes);
    return mediaType === 'application/json' && text.startsWith('"') ? String(JSON.parse(text)) : text;
  } catch (error) {
    const pointer = pointerOf([name]);
    // The parser's message quotes the text, so it goes no further.
    return error instanceof SyntaxError
      ? { pointer, code: 'part_json', detail: 'must be a JSON string, because its part says that it is JSON' }
      : { pointer, code: 'part_charset', detail: 'must be in a charset that is known; utf-8 always is' };
  }
}
