import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import { splitLines } from './split-lines.ts';

/** What is longer is no line, and must not fill the memory. In characters. */
const LONGEST_LINE = 1024 * 1024;

/** Without a byte order mark, which editors put before a text. @throws {CommandFailure} naming the file */
export async function readTextFile(path: string): Promise<string> {
  return withoutMark(await readFile(path, 'utf8').catch((error: unknown) => refuse(path, error)));
}

/**
 * The lines of a text of any length, without a byte order mark; no more of it is held than a piece and a line.
 *
 * @throws {CommandFailure} naming the file, and the line that is too long
 */
export async function* readTextLines(path: string): AsyncGenerator<string, void> {
  try {
    for await (const { text, number, isCut } of splitLines(createReadStream(path, 'utf8'), LONGEST_LINE)) {
      if (isCut) {
        const message = `Line ${number} of ${path} is longer than ${LONGEST_LINE} characters`;
        throw new CommandFailure(message, EXIT.calledWrongly);
      }
      yield number === 1 ? withoutMark(text) : text;
    }
  } catch (error) {
    refuse(path, error);
  }
}

const withoutMark = (text: string): string => (text.startsWith('\uFEFF') ? text.slice(1) : text);

function refuse(path: string, error: unknown): never {
  if (error instanceof CommandFailure) throw error;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  throw new CommandFailure(`Cannot read ${path}: ${code}`, EXIT.calledWrongly);
}
