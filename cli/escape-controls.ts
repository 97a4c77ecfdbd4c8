/** Moves a cursor, sets a title, answers for the user, or turns the reading direction: C0, C1, format characters, line ends. */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The styles of this program's own headings, bold and not bold; a line end; and controls. */
const LAYOUT_OR_CONTROL = new RegExp(`${'\u001b'}\\[(?:1|22)m|\n|${CONTROL.source}`, 'gu');

/** As in JSON, in UTF-16 units. */
function makeVisible(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/**
 * Makes text from outside visible instead of effective: `\u001b` is printed as six characters. A client chooses its
 * references, a receiver its answers, and a server its errors; none of them may steer an operator's terminal.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, makeVisible);
}

/** The same for a text whose lines and headings were laid out here. */
export function escapeLaidOut(text: string): string {
  return text.replace(LAYOUT_OR_CONTROL, (part) =>
    part === '\n' || part.length > 2 ? part : makeVisible(part),
  );
}

/**
 * The same for JSON, which stays the same value: `JSON.stringify` escapes C0 alone, and a terminal acts on C1 (U+009B begins
 * a sequence as `ESC [` does).
 */
export function stringifyVisibly(value: unknown): string {
  return JSON.stringify(value).replace(CONTROL, makeVisible);
}
