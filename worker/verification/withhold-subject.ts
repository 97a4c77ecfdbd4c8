import type { SubjectFields } from '../../shared/sealing/subject.ts';
import type { Called } from './call-upstream.ts';

const WITHHELD = '(withheld)';

/** In characters, of each text that is kept. */
const TEXT_MAX_LENGTH = 500;

/** So much Base64 in a row is no word of any language, and may be a photo. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{40,}={0,2}/g;

const ASCII = /^[\p{ASCII}]*$/u;
const HAN = /\p{Script=Han}/u;

/**
 * The same call, with nothing in the upstream's texts that is the subject's. Messages about a parameter may quote its
 * value; they go into the record, the API's answers and the event, where a subject must never stand. Each text is cut after
 * the search: the first 17 digits of an ID number are no longer found, and name the person all the same.
 */
export function withholdSubject(call: Called, subject: SubjectFields): Called {
  const { requestId } = call;
  const harmless = {
    requestId: requestId !== null && withhold(requestId, subject) === requestId ? shorten(requestId) : null,
  };
  if (call.status === 'unanswered') return { ...call, ...harmless };
  const { description } = call;
  return {
    ...call,
    ...harmless,
    description: description === null ? null : shorten(withhold(description, subject)),
  };
}

/** Never between the halves of a surrogate pair, one of which has no place in a record. */
function shorten(text: string): string {
  return text
    .slice(0, TEXT_MAX_LENGTH)
    .replace(/\p{Cs}$/u, '')
    .trim();
}

function withhold(text: string, { idCard, name }: SubjectFields): string {
  const withoutPhoto = text.replace(BASE64_RUN, WITHHELD);
  const withoutNumber = withoutPhoto.toLowerCase().includes(idCard.toLowerCase())
    ? withoutPhoto.replace(new RegExp(idCard, 'gi'), WITHHELD)
    : withoutPhoto;
  // Nearly every answer is English about a person with a Chinese name, and the search costs more than all else here.
  return ASCII.test(withoutNumber) && HAN.test(name)
    ? withoutNumber
    : withoutNumber.replace(patternOf(name), WITHHELD);
}

/** As a word of its own where it is written in an alphabet: `Li` stands in `Limit` by chance. */
function patternOf(name: string): RegExp {
  const literal = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const bounded = HAN.test(name) ? literal : `(?<!\\p{L})${literal}(?!\\p{L})`;
  return new RegExp(bounded, 'giu');
}
