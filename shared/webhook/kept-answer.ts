/** What is kept of a receiver's answer: readable, without ID numbers, and bounded by what it takes in Redis. */

/** In bytes of JSON, the form in which it is stored: a control character, which escaping makes six times as long, counts six. */
const KEPT_BYTES = 4 * 1024;

const WITHHELD = '(withheld)';

/**
 * Events hold no ID number, but a receiver that finds the person in its own database may quote it in an error page.
 * Either 18 characters by themselves, or in any surroundings such as are shaped like one, with the date of a birth.
 */
const ID_NUMBER =
  /(?<!\d)\d{17}[\dXx](?![\dA-Za-z])|\d{6}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]/g;

/** What may be the beginning of one: the division's six digits and more, where an answer breaks off. */
const BEGUN_ID_NUMBER = /\d{6,17}$/;

/**
 * @param bytes what was read of the answer, which may end within a character
 * @param complete whether that is all of it; if not, its end may be the middle of an ID number
 */
export function keepAnswer(bytes: Buffer, complete: boolean): string {
  const text = new TextDecoder().decode(bytes, { stream: !complete });
  // Searched before it is cut: 17 of 18 digits are no longer found, and name the person all the same.
  const searched = text.replaceAll(ID_NUMBER, WITHHELD);
  return cutToStored(complete ? searched : searched.replace(BEGUN_ID_NUMBER, WITHHELD));
}

function cutToStored(text: string): string {
  if (storedBytes(text) <= KEPT_BYTES) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += storedBytes(character);
    if (bytes > KEPT_BYTES) break;
    end += character.length;
  }
  return text.slice(0, end);
}

function storedBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - '""'.length;
}
