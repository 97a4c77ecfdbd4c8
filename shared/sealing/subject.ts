import { z } from 'zod';

/** The person's data. Sealed wherever it rests, and never handed to a logger or put into an error. */
export interface Subject {
  /** 18 characters, check digit upper-case. */
  readonly idCard: string;
  /** NFC, with U+00B7 as the only middle dot. */
  readonly name: string;
  /** The image file's bytes, JPEG or PNG. */
  readonly photo: Buffer;
}

export type SubjectFields = Omit<Subject, 'photo'>;

const SubjectFieldsSchema = z.object({ idCard: z.string(), name: z.string() });

export function encodeSubjectFields(fields: SubjectFields): Buffer {
  return Buffer.from(JSON.stringify({ idCard: fields.idCard, name: fields.name }), 'utf8');
}

/** Null if these are not a subject's fields. The reason is dropped: JSON.parse quotes its input in its message. */
export function decodeSubjectFields(bytes: Buffer): SubjectFields | null {
  try {
    const parsed = SubjectFieldsSchema.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
