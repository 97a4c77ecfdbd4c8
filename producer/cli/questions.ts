import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { CommandFailure } from './command-failure.ts';
import { EXIT } from './exit-codes.ts';

/** What comes in by standard input. */
export interface Questions {
  /** Whether somebody is there to be asked. */
  readonly isAnswered: boolean;
  /** Asks, on standard error: the answer to the command alone is on standard output. @throws the signal's reason */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Everything there is. @throws {CommandFailure} when that is more than any command reads */
  readAll(): Promise<string>;
}

const LONGEST_INPUT = 64 * 1024;

export function createQuestions(stdin: NodeJS.ReadStream, stderr: NodeJS.WriteStream): Questions {
  return {
    isAnswered: stdin.isTTY === true && stderr.isTTY === true,
    ask: async (question, signal) => {
      const lines = createInterface({ input: stdin, output: stderr });
      const interruption = new AbortController();
      // The prompt reads the keys itself, so that Ctrl-C is no signal.
      lines.once('SIGINT', () => interruption.abort());
      try {
        return await lines.question(question, { signal: AbortSignal.any([signal, interruption.signal]) });
      } finally {
        lines.close();
      }
    },
    readAll: () => readAll(stdin),
  };
}

async function readAll(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LONGEST_INPUT) throw tooLong();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLong(): CommandFailure {
  return new CommandFailure(
    `Cannot read standard input: it must have at most ${LONGEST_INPUT} bytes, received more`,
    EXIT.calledWrongly,
  );
}

/**
 * Whether to do what cannot be undone by looking away.
 *
 * @param yes the option `--yes`
 * @throws {CommandFailure} without it, when there is nobody to ask
 */
export async function confirm(
  questions: Questions,
  {
    question,
    yes,
    signal,
  }: { readonly question: string; readonly yes: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  if (yes) return true;
  if (!questions.isAnswered) {
    throw new CommandFailure(
      'Cannot ask for confirmation: there must be a terminal, or --yes',
      EXIT.calledWrongly,
    );
  }
  return /^y(es)?$/i.test((await questions.ask(`${question} [y/N] `, signal)).trim());
}
