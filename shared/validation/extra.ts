import { type FieldCheck, failed, passed } from './validation-failure.ts';

/** The API page: "each customized description field supports [1,10] characters". */
const LONGEST_EXTRA = 10;

/** Checks the client's description field; it travels as it is, and comes back in the answer. */
export function checkExtra(text: string): FieldCheck<string> {
  // A code point has at most two UTF-16 units, so longer texts need not be spread to be counted.
  if (text.length === 0 || text.length > 2 * LONGEST_EXTRA) return failed('extra_length');
  if ([...text].length > LONGEST_EXTRA) return failed('extra_length');
  // An unpaired surrogate has no UTF-8 form: the upstream would be sent, and sign, something else.
  if (/\p{Cs}/u.test(text)) return failed('extra_not_unicode');
  return text.includes('\uFFFD') ? failed('extra_not_utf8') : passed(text);
}
