import { MAX_PHOTO_BASE64_LENGTH, MAX_PHOTO_BYTES } from '../contract/photo-limits.ts';

/**
 * Everything a submission can be refused for before money is spent on it, with the sentence the client reads.
 *
 * The sentences are constants on purpose: nothing a person sent can end up in one. The codes are part of the
 * public interface (`errors[].code` of a 422) and only ever grow.
 */
export const VALIDATION_FAILURES = {
  id_card_length: 'must have exactly 18 characters, without spaces or separators',
  id_card_fifteen_digits:
    'must be the 18-digit number; 15-digit numbers of the first generation of ID cards lost their validity on 2013-01-01',
  id_card_characters:
    'must be 17 digits 0-9 followed by a digit or X; full-width digits and other scripts are not accepted',
  id_card_birth_date: 'must contain a real birth date (yyyymmdd) in positions 7 to 14, not before 1900',
  id_card_birth_date_in_future: 'must contain a birth date that is not in the future (China time)',
  id_card_check_digit: 'must end in the check digit that belongs to its first 17 digits (ISO 7064 MOD 11-2)',
  name_empty: 'must contain at least one letter or ideograph',
  name_too_long: 'must have at most 64 characters (Unicode code points)',
  name_invisible_character:
    'must not contain control characters, line breaks, text direction marks or other invisible characters',
  name_not_utf8:
    'was not sent as UTF-8: send the name in UTF-8, and read the file or database it comes from in the encoding that it has',
  name_encoded:
    'must be the name itself, not an encoding of it such as an HTML entity, a percent-encoding or an escape sequence',
  name_radical:
    'must be written in whole characters; it contains a radical, a stroke or a description of a character, as some PDF files give out',
  name_mask:
    'must be the whole name; it contains a character such as * ? ● □ or X, which stands for one that is hidden or was lost',
  name_digit: 'must not contain digits or other numbers; the ideograph 〇 (U+3007) is accepted',
  name_full_width: 'must be written in ordinary Latin letters, not in full-width ones',
  name_symbol: 'must not contain emoji or other symbols',
  name_punctuation:
    'must not contain punctuation; between the parts of a name the middle dot · (U+00B7) may stand, and a Latin name may hold full stops, commas, hyphens and apostrophes',
  name_dot_spelling:
    'must write the dot between the parts of a name as the middle dot · (U+00B7); what stands there may mean something else',
  name_space:
    'must not start or end with a space; inside, one plain space may stand between parts of a name, but not between Chinese characters, beside a middle dot or doubled',
  name_middle_dot: 'must not start or end with a middle dot, and must not contain two in a row',
  photo_empty: 'must not be empty',
  photo_too_large: `must have at most ${MAX_PHOTO_BASE64_LENGTH} characters (3 MiB) as Base64, which is ${MAX_PHOTO_BYTES} bytes of image`,
  photo_data_uri: 'must be the Base64 text alone, without a data: URI prefix',
  photo_line_break: 'must be Base64 on one line, without line breaks',
  photo_url_safe_alphabet:
    'must use the standard Base64 alphabet with + and / (RFC 4648 section 4), not the URL-safe one with - and _',
  photo_base64_character: 'must contain only characters of the standard Base64 alphabet (RFC 4648 section 4)',
  photo_base64_padding:
    'must end in the right number of = characters, with unused bits zero (RFC 4648 sections 3.2 and 3.5)',
  photo_format: 'must be a JPEG or PNG image, judged by its first bytes',
  photo_header: 'must have a complete image header that gives a width and a height above 0',
  extra_length: 'must have 1 to 10 characters (Unicode code points)',
  extra_not_unicode: 'must be well-formed Unicode, without unpaired surrogates',
  extra_not_utf8: 'was not sent as UTF-8: it contains U+FFFD, which stands where bytes were no UTF-8',
} as const satisfies Record<string, string>;

export type ValidationCode = keyof typeof VALIDATION_FAILURES;

/** What checking one field yields: the value as it will be used, or every rule it breaks. */
export type FieldCheck<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly codes: readonly ValidationCode[] };

export function passed<T>(value: T): FieldCheck<T> {
  return { ok: true, value };
}

export function failed(...codes: readonly ValidationCode[]): FieldCheck<never> {
  return { ok: false, codes };
}
