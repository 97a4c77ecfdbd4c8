import { stat } from 'node:fs/promises';
import { CommandFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { isBlank, LONGEST_ROW, readCsv, readUtf8 } from '../read-csv.ts';
import { splitLines } from '../split-lines.ts';
import { parseRow, REQUIRED_FIELDS, ROW_FIELDS, type RowReading } from './batch-row.ts';

export type BatchFormat = 'csv' | 'ndjson';

export interface BatchFile {
  readonly path: string;
  readonly format: BatchFormat;
}

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
  return format === 'csv' ? readCsvRows(path, onBlank) : readNdjson(path, onBlank);
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

async function* readCsvRows(path: string, onBlank: () => void): AsyncGenerator<RowReading, void> {
  let header: readonly string[] | null = null;
  for await (const { fields, line } of readCsv(path)) {
    if (isBlank(fields)) onBlank();
    else if (header === null) header = checkHeader(path, fields);
    else yield parseCsvRecord(header, fields, line);
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

function parseCsvRecord(header: readonly string[], record: readonly string[], line: number): RowReading {
  // An empty field is a field that is not there; CSV knows no difference.
  const fields = header.flatMap((name, i) => (record[i] ? [[name, record[i]] as const] : []));
  if (record.length === header.length) return parseRow(line, Object.fromEntries(fields));
  const detail = 'must have as many fields as the header row';
  return unreadable(line, 'row_columns', detail);
}

async function* readNdjson(path: string, onBlank: () => void): AsyncGenerator<RowReading, void> {
  for await (const { text, number, isCut } of splitLines(readUtf8(path), LONGEST_ROW)) {
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
