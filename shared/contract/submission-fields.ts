import type { SubmissionForm } from './submission.ts';

/** Every field of a submission. The photo goes by another name in each form: `imageBase64`, `image`, a row's `photo`. */
export type SubmissionField = keyof SubmissionForm | 'photo';

/**
 * Where a digest takes a field, from 1. Digests outlive a version: a key's for a day, a row's as long as its journal. A field
 * that is added later is therefore `when_given`: a submission without it keeps the digest it had.
 */
export type DigestPlace = number | 'when_given';

interface FieldFacts {
  /** Says who the person is: part of the subject, sealed, never in the record. All others are stored as they are. */
  readonly personal: boolean;
  /** Whether the client sees it in its verification. */
  readonly shown: boolean;
  /** The client's own words, in which the subject must not stand. */
  readonly freeText: boolean;
  /** Whether `shared/validation` has rules for it; the schema alone judges the others, and the client's settings a callback. */
  readonly validated: boolean;
  /** In what an Idempotency-Key stands for. */
  readonly inDigest: DigestPlace;
  /** In what distinguishes a row of a batch from another. */
  readonly inRowDigest: DigestPlace;
}

/**
 * What is done with each field. Sealing, validation, the search for exposed subjects, both digests, the record and what is
 * shown of it follow from this table; whatever cannot follow fails to compile until it knows a new field.
 */
export const submissionFields = {
  idCard: { personal: true, shown: false, freeText: false, validated: true, inDigest: 1, inRowDigest: 1 },
  name: { personal: true, shown: false, freeText: false, validated: true, inDigest: 2, inRowDigest: 2 },
  photo: { personal: true, shown: false, freeText: false, validated: true, inDigest: 3, inRowDigest: 3 },
  reference: { personal: false, shown: true, freeText: true, validated: false, inDigest: 5, inRowDigest: 4 },
  extra: { personal: false, shown: true, freeText: true, validated: true, inDigest: 4, inRowDigest: 5 },
  priority: { personal: false, shown: true, freeText: false, validated: false, inDigest: 7, inRowDigest: 6 },
  answerBy: {
    personal: false,
    shown: true,
    freeText: false,
    validated: false,
    inDigest: 'when_given',
    inRowDigest: 'when_given',
  },
  callbackUrl: {
    personal: false,
    shown: false,
    freeText: true,
    validated: false,
    inDigest: 6,
    inRowDigest: 7,
  },
} as const satisfies Record<SubmissionField, FieldFacts>;

type Facts = typeof submissionFields;
type FieldWith<Fact extends Partial<FieldFacts>> = {
  [Field in SubmissionField]: Facts[Field] extends Fact ? Field : never;
}[SubmissionField];

export type PersonalField = FieldWith<{ readonly personal: true }>;
export type StoredField = FieldWith<{ readonly personal: false }>;
export type ShownField = FieldWith<{ readonly shown: true }>;
export type FreeTextField = FieldWith<{ readonly freeText: true }>;
export type ValidatedField = FieldWith<{ readonly validated: true }>;

export const STORED_FIELDS = fieldsWith({ personal: false });
export const SHOWN_FIELDS = fieldsWith({ shown: true });
export const FREE_TEXT_FIELDS = fieldsWith({ freeText: true });

/** The fields beside the subject, as a submission gives them and its record keeps them. */
export type StoredOptions = Pick<SubmissionForm, StoredField>;

/** Their order is the table's. */
function fieldsWith<const Fact extends Partial<FieldFacts>>(wanted: Fact): readonly FieldWith<Fact>[] {
  const rows = Object.entries(submissionFields) as [FieldWith<Fact>, FieldFacts][];
  const facts = Object.entries(wanted) as [keyof FieldFacts, unknown][];
  return rows
    .filter(([, row]) => facts.every(([fact, value]) => row[fact] === value))
    .map(([field]) => field);
}

/** @returns only these fields of an object; one that it lacks stays absent */
export function pickFields<T extends object, Field extends keyof T>(
  from: T,
  fields: readonly Field[],
): Pick<T, Field> {
  const picked: Partial<Pick<T, Field>> = {};
  for (const field of fields) if (Object.hasOwn(from, field)) picked[field] = from[field];
  return picked as Pick<T, Field>;
}
