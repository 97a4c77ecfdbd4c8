export interface TextLine {
  readonly text: string;
  /** From 1. */
  readonly number: number;
  /** The line goes on; the rest of the text is left unread. */
  readonly isCut: boolean;
  /** False for a last line without its end. */
  readonly isComplete: boolean;
}

/** Lines of a text that comes in pieces; no more of it is held than a piece and the longest line there may be. */
export async function* splitLines(
  pieces: AsyncIterable<string>,
  longest: number,
): AsyncGenerator<TextLine, void> {
  let number = 0;
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const text of lines) {
      number += 1;
      yield { text, number, isCut: false, isComplete: true };
    }
    if (rest.length > longest) {
      yield { text: '', number: number + 1, isCut: true, isComplete: false };
      return;
    }
  }
  if (rest !== '') yield { text: rest, number: number + 1, isCut: false, isComplete: false };
}
