import { readFile } from 'node:fs/promises';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

/** Without a byte order mark, which editors put before a text. @throws {CommandFailure} naming the file */
export async function readTextFile(path: string): Promise<string> {
  try {
    const text = await readFile(path, 'utf8');
    return text.startsWith('\uFEFF') ? text.slice(1) : text;
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(`Cannot read ${path}: ${code}`, EXIT.calledWrongly);
  }
}
