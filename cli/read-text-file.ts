import { readFile } from 'node:fs/promises';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

/** @throws {CommandFailure} naming the file */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CommandFailure(`Cannot read ${path}: ${code}`, EXIT.calledWrongly);
  }
}
