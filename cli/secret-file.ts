import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Questions } from './questions.ts';

/**
 * A secret from a file, or from standard input when the path is `-`. Secrets come this way or by the environment, and
 * never as arguments: every user of a machine can read the arguments of its processes, and the shell keeps them.
 *
 * @param option the option that named the path, for the message
 * @returns the text without the space around it, which may be a byte order mark
 * @throws {CommandFailure} when it cannot be read
 */
export async function readSecretFile(questions: Questions, option: string, path: string): Promise<string> {
  if (path === '-') return (await questions.readAll()).toString('utf8').trim();
  try {
    return (await questions.readFile(path)).toString('utf8').trim();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new CommandFailure(`The file of ${option} cannot be read: ${code}`, EXIT.calledWrongly);
  }
}
