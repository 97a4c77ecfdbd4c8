import type { FieldError } from '../contract/problem.ts';
import type { Subject } from '../sealing/subject.ts';

/** The client's own fields: stored, shown and delivered as they are. */
export interface OpenFields {
  readonly reference: string | undefined;
  readonly extra: string | undefined;
  readonly callbackUrl: string | undefined;
}

/** What a field may hold by chance: a shorter number is no ID number, whatever else is wrong with it. */
const SHORTEST_ID_NUMBER = 15;

/** Latin letters of a shorter name are found in many words that have nothing to do with it. */
const SHORTEST_LATIN_NAME = 6;

/**
 * The open fields that hold the ID number or the name of the very person they come with. Sealing a subject is worth
 * nothing when the order number beside it is the ID number.
 *
 * A reading of what is there in plain sight (percent-encoding included), not of what somebody hides on purpose.
 */
export function listExposedFields(
  { idCard = '', name = '' }: { readonly [Field in 'idCard' | 'name']?: Subject[Field] | undefined },
  fields: OpenFields,
): readonly FieldError[] {
  const secrets = [
    ...(idCard.length >= SHORTEST_ID_NUMBER ? [fold(idCard)] : []),
    ...(isTelling(name) ? [fold(name)] : []),
  ];
  return Object.entries(fields).flatMap(([field, text = '']) => {
    const plain = fold(decodePercent(text));
    return secrets.some((secret) => plain.includes(secret))
      ? [
          {
            pointer: `/${field}`,
            code: 'contains_subject',
            detail: 'must not contain the ID number or the name',
          },
        ]
      : [];
  });
}

function isTelling(name: string): boolean {
  return name.length >= (/\p{Script=Han}/u.test(name) ? 2 : SHORTEST_LATIN_NAME);
}

function fold(text: string): string {
  return text.normalize('NFC').toUpperCase();
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
