import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { jsonText } from '../../shared/contract/json-text.ts';
import { CommandFailure } from '../command-failure.ts';
import { splitLines } from '../split-lines.ts';
import { createAppender } from './appender.ts';
import { type BatchIdentity, openIdentity } from './batch-identity.ts';
import { type JournalEntry, type JournalHead, journalEntry, journalHead } from './journal-entry.ts';
import { RowBook } from './row-book.ts';

const LONGEST_LINE = 16 * 1024;
const HEAD_BEGINNING = '{"journal":"veriqueue batch"';
const headText = jsonText(journalHead);
const entryText = jsonText(journalEntry);

/** What survives a run, however it ends. */
export interface Journal {
  /** The batch's random id. */
  readonly batch: string;
  readonly identity: BatchIdentity;
  readonly book: RowBook;
  /** There was a run before this one. */
  readonly isResumed: boolean;
  /** Resolves when it is written: what is done next may rely on it. */
  note(entry: JournalEntry): Promise<void>;
  /** Everything noted so far, in order. */
  entries(): AsyncGenerator<JournalEntry, void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly path: string;
  readonly apiKey: string;
  /** Resume with another API key, without comparing the rows with what was read before. */
  readonly trustInput: boolean;
  readonly now: () => number;
}

/**
 * Opens the journal of a batch, or begins one. A last line that a crash left unfinished is cut off: what it was to say
 * was not relied upon yet.
 *
 * @throws {CommandFailure} when it is damaged, or another API key's
 */
export async function openJournal({ path, apiKey, trustInput, now }: JournalOptions): Promise<Journal> {
  // For its owner alone to read: with the API key it shows who was verified.
  const file = await open(path, 'a+', 0o600);
  try {
    const book = new RowBook();
    let known: JournalHead | undefined;
    let bytes = 0;
    for await (const read of readJournal(path)) {
      if (read.part === 'head') known = read.head;
      else book.note(read.entry);
      bytes += read.bytes;
    }
    await file.truncate(bytes);
    const head = known ?? (await begin(file, apiKey, now()));
    const identity = openIdentity(head.batch, apiKey);
    if (identity.keyCheck !== head.keyCheck && !trustInput) {
      throw new CommandFailure(
        `The batch cannot go on: ${path} was begun with another API key. Use that one, or --trust-input with another key of the same client`,
      );
    }
    const { append, close } = createAppender(file, now);
    return {
      batch: head.batch,
      identity,
      book,
      isResumed: known !== undefined,
      note: async (entry) => {
        await append(`${JSON.stringify(entry)}\n`);
        book.note(entry);
      },
      entries: async function* () {
        for await (const read of readJournal(path)) if (read.part === 'entry') yield read.entry;
      },
      close,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function begin(file: FileHandle, apiKey: string, now: number): Promise<JournalHead> {
  const batch = randomUUID();
  const { keyCheck } = openIdentity(batch, apiKey);
  const begunAt = new Date(now).toISOString();
  const head: JournalHead = { journal: 'veriqueue batch', version: 1, batch, keyCheck, begunAt };
  await file.appendFile(`${JSON.stringify(head)}\n`);
  await file.datasync();
  return head;
}

type JournalLine = { readonly bytes: number } & (
  | { readonly part: 'head'; readonly head: JournalHead }
  | { readonly part: 'entry'; readonly entry: JournalEntry }
);

/** The complete lines. */
async function* readJournal(path: string): AsyncGenerator<JournalLine, void> {
  const pieces = createReadStream(path, { encoding: 'utf8' });
  for await (const { text, number, isComplete, isCut } of splitLines(pieces, LONGEST_LINE)) {
    // Checked of an unfinished line too: what lies there may be another file, and not ours to cut off.
    const isOurs = number > 1 || text.startsWith(HEAD_BEGINNING) || HEAD_BEGINNING.startsWith(text);
    if (isOurs && !isComplete && !isCut) return;
    const bytes = Buffer.byteLength(text) + 1;
    const head = number === 1 ? headText.safeParse(text) : undefined;
    const entry = number === 1 ? undefined : entryText.safeParse(text);
    if (head?.success) yield { part: 'head', head: head.data, bytes };
    else if (entry?.success) yield { part: 'entry', entry: entry.data, bytes };
    else
      throw new CommandFailure(
        `The batch cannot go on: ${path} ${number === 1 ? NOT_OURS : `is damaged at line ${number}`}`,
      );
  }
}

const NOT_OURS = 'is not the journal of a batch';
