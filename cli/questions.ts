import { readFile, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { CommandFailure } from './command-failure.ts';
import { escapeControls } from './escape-controls.ts';
import { EXIT } from './exit-codes.ts';

/** What comes in from the user: by standard input, or from a file that an option names. */
export interface Questions {
  /** Whether a user can be asked. */
  readonly isAnswered: boolean;
  /** Asks, on standard error: the answer to the command alone is on standard output. @throws the signal's reason */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Everything there is. @throws {CommandFailure} when that is more than any command reads */
  readAll(): Promise<Buffer>;
  /**
   * A file as a whole. A pipe that nothing has written to for a second is announced on standard error: it would look like a
   * program that hangs.
   */
  readFile(path: string): Promise<Buffer>;
}

const PIPE_NOTICE_MS = 1_000;

const LONGEST_INPUT = 64 * 1024;

interface Terminal {
  /** Only on streams of a terminal, and true there. */
  readonly isTTY?: boolean;
}

export function createQuestions(stdin: Readable & Terminal, stderr: Writable & Terminal): Questions {
  /** Whole lines that came with the answer to an earlier question, and the beginning of one. */
  const ahead = { lines: [] as string[], begun: '' };

  const ask = async (question: string, signal: AbortSignal): Promise<string> => {
    const answered = ahead.lines.shift();
    if (answered !== undefined) {
      signal.throwIfAborted();
      stderr.write(`${question}\n`);
      return answered;
    }
    // One per question: as long as it is open, Ctrl-C is a key that it reads, and no signal for what comes next.
    const prompt = createInterface({ input: stdin, output: stderr });
    prompt.on('line', (line) => ahead.lines.push(line));
    const interruption = new AbortController();
    prompt.once('SIGINT', () => interruption.abort());
    try {
      const answer = prompt.question(question, { signal: AbortSignal.any([signal, interruption.signal]) });
      prompt.write(ahead.begun);
      return await answer;
    } finally {
      ahead.begun = prompt.line;
      prompt.close();
    }
  };

  return {
    isAnswered: stdin.isTTY === true && stderr.isTTY === true,
    ask,
    readAll: () => readAll(stdin),
    readFile: async (path) => {
      const isPipe = await stat(path).then(
        (stats) => stats.isFIFO(),
        () => false,
      );
      const notice = setTimeout(() => {
        if (isPipe)
          stderr.write(`Waiting until another program writes to the pipe ${escapeControls(path)}\n`);
      }, PIPE_NOTICE_MS);
      return readFile(path).finally(() => clearTimeout(notice));
    },
  };
}

async function readAll(stdin: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LONGEST_INPUT) throw tooLong();
  }
  return Buffer.concat(chunks);
}

function tooLong(): CommandFailure {
  return new CommandFailure(`Standard input is longer than ${LONGEST_INPUT} bytes`, EXIT.calledWrongly);
}

/**
 * Whether to do what cannot be undone by looking away.
 *
 * @param yes the option `--yes`
 * @throws {CommandFailure} without it, when no user can be asked
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
      'This needs a confirmation. Run it on a terminal, or add --yes',
      EXIT.calledWrongly,
    );
  }
  return /^y(es)?$/i.test((await questions.ask(`${question} [y/N] `, signal)).trim());
}
