import type { FieldError } from '../contract/problem.ts';
import { FREE_TEXT_FIELDS, type FreeTextField } from '../contract/submission-fields.ts';
import type { Subject } from '../sealing/subject.ts';

/** The client's own words: stored, shown and delivered as they are. */
export type FreeTexts = { readonly [Field in FreeTextField]?: string | undefined };

/** What a field may hold by chance: a shorter number is no ID number, whatever else is wrong with it. */
const SHORTEST_ID_NUMBER = 15;

/** Latin letters of a shorter name are found in many words that have nothing to do with it. */
const SHORTEST_LATIN_NAME = 6;

/**
 * The free texts that hold the ID number or the name of the very person they come with. Sealing a subject is worth
 * nothing when the order number beside it is the ID number.
 *
 * A reading of what stands in plain sight (percent-encoding included), not of what is hidden on purpose.
 */
export function listExposedFields(
  { idCard = '', name = '' }: { readonly [Field in 'idCard' | 'name']?: Subject[Field] | undefined },
  texts: FreeTexts,
): readonly FieldError[] {
  const secrets = [
    ...(idCard.length >= SHORTEST_ID_NUMBER ? [fold(idCard)] : []),
    ...(isTelling(name) ? [fold(name)] : []),
  ];
  return FREE_TEXT_FIELDS.flatMap((field) => {
    const plain = fold(decodePercent(texts[field] ?? ''));
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
