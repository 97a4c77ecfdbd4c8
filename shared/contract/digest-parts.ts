import { type DigestPlace, type SubmissionField, submissionFields } from './submission-fields.ts';

/** What an Idempotency-Key stands for. */
export const SUBMISSION_DIGEST = placesOf('inDigest');
/** What distinguishes a row of a batch from another. */
export const ROW_DIGEST = placesOf('inRowDigest');

type DigestPlaces<Field extends string> = Readonly<Record<Field, DigestPlace>>;

/**
 * The values of a submission as a digest takes them: first the fields with a place, in that order and null where they are
 * absent; then name and value of each later field that is given, by name.
 */
export function listDigestParts<Field extends string, Value>(
  places: DigestPlaces<Field>,
  values: { readonly [Each in Field]?: Value | undefined },
): readonly (Value | Field | null)[] {
  const fields = Object.keys(places) as Field[];
  const placed = fields.filter((field) => typeof places[field] === 'number');
  const later = fields.filter((field) => places[field] === 'when_given' && values[field] !== undefined);
  return [
    ...placed.sort((a, b) => Number(places[a]) - Number(places[b])).map((field) => values[field] ?? null),
    ...later.sort().flatMap((field) => [field, values[field] ?? null]),
  ];
}

function placesOf(digest: 'inDigest' | 'inRowDigest'): DigestPlaces<SubmissionField> {
  const rows = Object.entries(submissionFields).map(([field, facts]) => [field, facts[digest]]);
  return Object.fromEntries(rows) as DigestPlaces<SubmissionField>;
}
