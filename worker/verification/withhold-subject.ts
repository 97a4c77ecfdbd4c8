import type { SubjectFields } from '../../shared/sealing/subject.ts';
import type { Called } from './conclude-attempt.ts';

const WITHHELD = '(withheld)';

/** So much Base64 in a row is no word of any language, and may be a photo. */
const BASE64_RUN = /[A-Za-z0-9+/_-]{40,}={0,2}/g;

/**
 * The same call, with nothing in the upstream's texts that is the subject's. Messages about a parameter may quote its
 * value; they go into the record, the API's answers and the event, where a subject must never stand.
 */
export function withholdSubject(call: Called, subject: SubjectFields): Called {
  const { requestId } = call;
  const harmless = {
    requestId: requestId !== null && withhold(requestId, subject) === requestId ? requestId : null,
  };
  if (call.status === 'unanswered') return { ...call, ...harmless };
  const { description } = call;
  return {
    ...call,
    ...harmless,
    description: description === null ? null : withhold(description, subject),
  };
}

function withhold(text: string, { idCard, name }: SubjectFields): string {
  return text
    .replace(BASE64_RUN, WITHHELD)
    .replace(new RegExp(idCard, 'gi'), WITHHELD)
    .replace(patternOf(name), WITHHELD);
}

/** As a word of its own where it is written in an alphabet: `Li` stands in `Limit` by chance. */
function patternOf(name: string): RegExp {
  const literal = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const bounded = /\p{Script=Han}/u.test(name) ? literal : `(?<!\\p{L})${literal}(?!\\p{L})`;
  return new RegExp(bounded, 'giu');
}
