import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import { CommandFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { parseRow, REQUIRED_FIELDS, ROW_FIELDS, type RowReading } from './batch-row.ts';
import { splitLines } from './split-lines.ts';

export type BatchFormat = 'csv' | 'ndjson';

export interface BatchFile {
  readonly path: string;
  readonly format: BatchFormat;
}

/** A row is a few short texts; whatever is longer is not a row, and must not fill the memory. */
const LONGEST_ROW = 64 * 1024;

/**
 * The rows of a file, one after the other, without holding more than a piece of it.
 *
 * @param onBlank called for each row in which no field holds anything, as spreadsheets leave them; such rows are left out
 * @throws {CommandFailure} when the file as a whole cannot be read: not there, not UTF-8, not CSV. Rows that are wrong by
 * themselves are read as such
 */
export function readRows(
  { path, format }: BatchFile,
  onBlank: () => void = () => undefined,
): AsyncGenerator<RowReading, void> {
  return format === 'csv' ? readCsv(path, onBlank) : readNdjson(path, onBlank);
}

/**
 * Refuses what cannot be read twice. A batch counts its rows, compares them with those of an earlier run, and then submits
 * them; a pipe would be empty by then, and one without a writer would be waited for without end.
 *
 * @throws {CommandFailure}
 */
export async function assertRegularFile(path: string): Promise<void> {
  const kind = path === '-' ? 'standard input' : await nameKind(path);
  if (kind === null) return;
  throw new CommandFailure(
    `${path} must be a regular file, but is ${kind}. A batch reads its rows more than once: write them to a file first`,
    EXIT.calledWrongly,
  );
}

/** Null for a regular file, and for what is not there, which the reading of it reports. */
async function nameKind(path: string): Promise<string | null> {
  const stats = await stat(path).catch(() => null);
  if (stats === null || stats.isFile()) return null;
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isDirectory()) return 'a folder';
  return stats.isSocket() ? 'a socket' : 'a device';
}

/** Fails on bytes that are no UTF-8: names in another encoding would be read as other names. */
async function* readText(path: string): AsyncGenerator<string, void> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Buffer) => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new CommandFailure(`${path} must be UTF-8, but has another encoding`);
    }
  };
  try {
    for await (const chunk of createReadStream(path)) yield decode(chunk as Buffer);
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? new CommandFailure(`${path} cannot be read: ${String(error.code)}`)
      : error;
  }
  yield decode();
}

const csvRecord = z.object({ record: z.array(z.string()), info: z.object({ lines: z.number() }) });

async function* readCsv(path: string, onBlank: () => void): AsyncGenerator<RowReading, void> {
  const parser = parse({
    info: true,
    // A row with a field too many or too few is a bad row, not the end of the batch.
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: LONGEST_ROW,
  });
  // What goes wrong in between destroys the parser, and is thrown below.
  pipeline(Readable.from(readText(path)), parser, () => undefined);
  let header: readonly string[] | null = null;
  try {
    for await (const each of parser) {
      const { record, info } = csvRecord.parse(each);
      if (record.every((field) => field.trim() === '')) onBlank();
      else if (header === null) header = checkHeader(path, record);
      else yield parseCsvRecord(header, record, info.lines);
    }
  } catch (error) {
    // The parser's own messages quote the field.
    if (!(error instanceof CsvError)) throw error;
    const line = 'lines' in error ? ` at line ${String(error['lines'])}` : '';
    throw new CommandFailure(`${path} must be CSV (RFC 4180): ${error.code}${line}`);
  }
  if (header === null) throw new CommandFailure(`${path} must begin with a header row`);
}

/** Columns are named by number: a file without a header has a person in its first row. */
function checkHeader(path: string, names: readonly string[]): readonly string[] {
  const unknown = names.flatMap((name, i) => (ROW_FIELDS.includes(name) ? [] : [i + 1]));
  if (unknown.length > 0 || new Set(names).size < names.length) {
    const received = unknown.length > 0 ? `others in column ${unknown.join(', ')}` : 'one of them twice';
    throw new CommandFailure(
      `The first row of ${path} must name columns of ${ROW_FIELDS.join(', ')}, but has ${received}`,
    );
  }
  const missing = REQUIRED_FIELDS.filter((name) => !names.includes(name));
  if (missing.length === 0) return names;
  throw new CommandFailure(`The first row of ${path} must also name ${missing.join(', ')}`);
}

function parseCsvRecord(
  header: readonly string[],
  record: readonly string[],
  endsAtLine: number,
): RowReading {
  const line = endsAtLine - record.join('').split('\n').length + 1;
  // An empty field is a field that is not there; CSV knows no difference.
  const fields = header.flatMap((name, i) => (record[i] ? [[name, record[i]] as const] : []));
  if (record.length === header.length) return parseRow(line, Object.fromEntries(fields));
  const detail = 'must have as many fields as the header row';
  return unreadable(line, 'row_columns', detail);
}

async function* readNdjson(path: string, onBlank: () => void): AsyncGenerator<RowReading, void> {
  for await (const { text, number, isCut } of splitLines(readText(path), LONGEST_ROW)) {
    if (isCut) throw new CommandFailure(`Line ${number} of ${path} is longer than ${LONGEST_ROW} characters`);
    if (text.trim() === '') onBlank();
    else yield parseNdjsonLine(number, text);
  }
}

function parseNdjsonLine(line: number, text: string): RowReading {
  try {
    return parseRow(line, JSON.parse(text));
  } catch {
    const detail = 'must be one JSON object on one line';
    return unreadable(line, 'row_json', detail);
  }
}

/** A row of which no field can be found. */
function unreadable(line: number, code: string, detail: string): RowReading {
  return { line, status: 'bad', reference: null, faults: [{ field: '', code, detail }], readable: {} };
}
