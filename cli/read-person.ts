import type { z } from 'zod';
import { presentIssues } from '../shared/contract/present-issues.ts';
import { submissionForm } from '../shared/contract/submission.ts';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';
import type { Questions } from './questions.ts';

/** A submission without its photo, as a JSON object. */
const person = submissionForm.extend({ priority: submissionForm.shape.priority.unwrap().optional() });
export type Person = z.infer<typeof person>;

/**
 * Who is to be verified: from a file, else from the user at the terminal, else from standard input. Never from the
 * arguments, which other users of the machine can read, and the shell remembers.
 *
 * @param from a path, `-` for standard input, or undefined
 * @throws {CommandFailure} naming what is wrong, never with a value
 */
export async function readPerson(
  questions: Questions,
  from: string | undefined,
  signal: AbortSignal,
): Promise<Person> {
  if (from === undefined && questions.isAnswered) {
    const idCard = (await questions.ask('ID number: ', signal)).trim();
    const name = (await questions.ask('Name: ', signal)).trim();
    return { idCard, name };
  }
  const isInput = from === undefined || from === '-';
  const bytes = isInput ? await questions.readAll() : await readPersonFile(questions, from);
  const value = parseJson(decode(bytes, isInput ? 'standard input' : '--from'));
  const parsed = person.safeParse(value);
  if (parsed.success) return parsed.data;
  const errors = presentIssues(parsed.error.issues, value).map(({ pointer, detail }) =>
    `${pointer} ${detail}`.trim(),
  );
  throw new CommandFailure(
    `The person must be a JSON object with idCard and name: ${errors.join(', ')}`,
    EXIT.calledWrongly,
  );
}

/** Without its byte order mark. Names in another encoding would be read as other names. */
function decode(bytes: Buffer, from: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CommandFailure(`${from} must be UTF-8, but has another encoding`, EXIT.calledWrongly);
  }
}

async function readPersonFile(questions: Questions, path: string): Promise<Buffer> {
  try {
    return await questions.readFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'an unknown error';
    throw new CommandFailure(`The file of --from cannot be read: ${code}`, EXIT.calledWrongly);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
