import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { jsonText } from '../../shared/contract/json-text.ts';
import { CommandFailure } from '../command-failure.ts';
import { createAppender } from './appender.ts';
import { type BatchIdentity, openIdentity } from './batch-identity.ts';
import { type JournalEntry, type JournalHead, journalEntry, journalHead } from './journal-entry.ts';
import { RowBook } from './row-book.ts';
import { splitLines } from './split-lines.ts';

const LONGEST_LINE = 16 * 1024;
const HEAD_BEGINNING = '{"journal":"veriqueue batch"';

/** What survives a run, however it ends. */
export interface Journal {
  readonly path: string;
  /** The batch's random id. */
  readonly batch: string;
  readonly identity: BatchIdentity;
  readonly book: RowBook;
  /** There was a run before this one. */
  readonly isResumed: boolean;
  /** Resolves when it is written: what is done next may rely on it. */
  note(entry: JournalEntry): Promise<void>;
  /** Everything noted before this run, in order. */
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
    const known = await readJournal(path, (entry) => book.note(entry));
    await file.truncate(known.bytes);
    const head = known.head ?? (await begin(file, apiKey, now()));
    const identity = openIdentity(head.batch, apiKey);
    if (identity.keyCheck !== head.keyCheck && !trustInput) {
      throw new CommandFailure(
        `Cannot resume: ${path} was begun with another API key, which its rows are compared by; use that one, or --trust-input with another key of the same client`,
      );
    }
    const appender = createAppender(file, now);
    return {
      path,
      batch: head.batch,
      identity,
      book,
      isResumed: known.head !== null,
      note: async (entry) => {
        await appender.append(`${JSON.stringify(entry)}\n`);
        book.note(entry);
      },
      entries: () => readEntries(path, known.bytes),
      close: appender.close,
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function begin(file: FileHandle, apiKey: string, now: number): Promise<JournalHead> {
  const batch = randomUUID();
  const head: JournalHead = {
    journal: 'veriqueue batch',
    version: 1,
    batch,
    keyCheck: openIdentity(batch, apiKey).keyCheck,
    begunAt: new Date(now).toISOString(),
  };
  await file.appendFile(`${JSON.stringify(head)}\n`);
  await file.datasync();
  return head;
}

interface KnownJournal {
  /** Null when there is not even a complete first line. */
  readonly head: JournalHead | null;
  /** Length of what is complete. */
  readonly bytes: number;
}

async function readJournal(path: string, onEntry: (entry: JournalEntry) => void): Promise<KnownJournal> {
  let head: JournalHead | null = null;
  let bytes = 0;
  for await (const { text, number, isComplete, isCut } of splitLines(createText(path), LONGEST_LINE)) {
    if (number === 1 && !isBeginningOfHead(text)) throw noJournal(path);
    if (!isComplete && !isCut) break;
    if (number === 1) head = parseHead(path, text);
    else onEntry(parseEntry(path, number, text));
    bytes += Buffer.byteLength(text) + 1;
  }
  return { head, bytes };
}

async function* readEntries(path: string, bytes: number): AsyncGenerator<JournalEntry, void> {
  if (bytes === 0) return;
  for await (const { text, number } of splitLines(createText(path, bytes), LONGEST_LINE)) {
    if (number > 1) yield parseEntry(path, number, text);
  }
}

function createText(path: string, bytes = Number.POSITIVE_INFINITY): AsyncIterable<string> {
  return createReadStream(path, { encoding: 'utf8', end: bytes - 1 });
}

const headText = jsonText(journalHead);
const entryText = jsonText(journalEntry);

function parseHead(path: string, text: string): JournalHead {
  const parsed = headText.safeParse(text);
  if (parsed.success) return parsed.data;
  throw noJournal(path);
}

/** Of a first line that may be unfinished: whatever else lies there is not ours to cut off. */
function isBeginningOfHead(text: string): boolean {
  return text.startsWith(HEAD_BEGINNING) || HEAD_BEGINNING.startsWith(text);
}

function noJournal(path: string): CommandFailure {
  return new CommandFailure(`Cannot resume: ${path} must be the journal of a batch, received another file`);
}

function parseEntry(path: string, number: number, text: string): JournalEntry {
  const parsed = entryText.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new CommandFailure(`Cannot resume: ${path} is damaged at line ${number}`);
}
