import { z } from 'zod';
import { type PersonalField, pickFields } from '../contract/submission-fields.ts';

const subjectFields = z.object({
  /** 18 characters, check digit upper-case. */
  idCard: z.string(),
  /** NFC, with U+00B7 as the only middle dot. */
  name: z.string(),
} satisfies Record<Exclude<PersonalField, 'photo'>, z.ZodType>);
export type SubjectFields = Readonly<z.infer<typeof subjectFields>>;

/** The person's data. Sealed wherever it rests, and never handed to a logger or put into an error. */
export interface Subject extends SubjectFields {
  /** The image file's bytes, JPEG or PNG. */
  readonly photo: Buffer;
}

export function encodeSubjectFields(fields: SubjectFields): Buffer {
  return Buffer.from(JSON.stringify(pickFields(fields, subjectFields.keyof().options)), 'utf8');
}

/** Null if these are not a subject's fields. The reason is dropped: JSON.parse quotes its input in its message. */
export function decodeSubjectFields(bytes: Buffer): SubjectFields | null {
  try {
    const parsed = subjectFields.safeParse(JSON.parse(bytes.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
