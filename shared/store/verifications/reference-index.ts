import type { Redis } from 'ioredis';
import type { StoreKeys } from '../keys.ts';
import type { IdPage, PageQuery } from './read.ts';

/**
 * Ids of all clients' verifications with this very reference, newest first. The index holds `<reference> <id>`, sorted by its
 * bytes; of the cursor only the id counts.
 *
 * A reference may itself look like a shorter one and an id. What such references leave in between is skipped, so that a page
 * may hold fewer ids than `limit` and not be the last.
 */
export async function pageReference(
  redis: Redis,
  keys: StoreKeys,
  reference: string,
  { limit, after }: PageQuery,
): Promise<IdPage> {
  const newest = after === undefined ? LAST_ID : idBefore(after.id);
  const range = [`[${reference} ${newest}`, `[${reference} ${PREFIX}`, 'BYLEX', 'REV'] as const;
  const members = await redis.zrange(keys.referenceIndex(), ...range, 'LIMIT', 0, limit + 1);
  const rests = members.slice(0, limit).map((member) => member.slice(reference.length + 1));
  const last = rests.at(-1);
  const hasMore = members.length > limit && last !== undefined;
  return {
    ids: rests.filter(isId),
    next: hasMore ? { id: isId(last) ? last : firstIdAfter(last), submittedAt: 0 } : null,
  };
}

const ID_LENGTH = 30;
const PREFIX = 'ver_';
/** Crockford's, whose order is that of the bytes. */
const LETTERS = [...'0123456789abcdefghjkmnpqrstvwxyz'];
const [FIRST, LAST] = ['0', 'z'] as const;
const LAST_ID = `${PREFIX}7${LAST.repeat(25)}`;

/** What follows a reference and a space ends in an id: as long as an id, it is one. */
function isId(rest: string): boolean {
  return rest.length === ID_LENGTH;
}

/**
 * The first id that sorts after a text that begins as an id does and is longer. A cursor is an id, because what else the text
 * says is another client's reference.
 */
export function firstIdAfter(text: string): string {
  let head = '';
  for (const letter of text.slice(PREFIX.length, ID_LENGTH)) {
    const next = LETTERS.find((each) => each >= letter);
    if (next === undefined) break;
    if (next !== letter) return idFrom(head + next, FIRST);
    head += letter;
  }
  const kept = head.replace(/z+$/, '');
  return kept === '' ? LAST_ID : idFrom(step(kept, 1), FIRST);
}

/** The id right before another; the prefix alone before the first one. Only longer texts lie between the two. */
export function idBefore(id: string): string {
  const kept = id.slice(PREFIX.length).replace(/0+$/, '');
  return kept === '' ? PREFIX : idFrom(step(kept, -1), LAST);
}

/** Another last letter. */
function step(letters: string, by: 1 | -1): string {
  return letters.slice(0, -1) + (LETTERS[LETTERS.indexOf(letters.slice(-1)) + by] ?? LAST);
}

function idFrom(head: string, filler: string): string {
  const id = `${PREFIX}${head.padEnd(ID_LENGTH - PREFIX.length, filler)}`;
  return id < LAST_ID ? id : LAST_ID;
}
