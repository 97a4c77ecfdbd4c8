import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { z } from 'zod';
import { CommandFailure } from './command-failure.ts';

/** A row is a few short texts; whatever is longer is not a row, and must not fill the memory. In characters. */
export const LONGEST_ROW = 64 * 1024;

export interface CsvRow {
  readonly fields: readonly string[];
  /** At which it begins, from 1. */
  readonly line: number;
}

/** In which no field holds anything, as spreadsheets leave some. */
export const isBlank = (fields: readonly string[]): boolean => fields.every((field) => field.trim() === '');

/** Fails on bytes that are no UTF-8: a text in another encoding would be read as another one. @throws {CommandFailure} */
export async function* readUtf8(path: string): AsyncGenerator<string, void> {
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

/**
 * The rows of a CSV file, the header among them, one after the other, without holding more than a piece of it. A row may have other
 * fields in number than the header.
 *
 * @throws {CommandFailure} when the file as a whole cannot be read: not there, not UTF-8, not CSV
 */
export async function* readCsv(path: string): AsyncGenerator<CsvRow, void> {
  const parser = parse({
    info: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n'],
    max_record_size: LONGEST_ROW,
  });
  // What goes wrong in between destroys the parser, and is thrown below.
  pipeline(Readable.from(readUtf8(path)), parser, () => undefined);
  try {
    for await (const each of parser) {
      const { record, info } = csvRecord.parse(each);
      yield { fields: record, line: info.lines - record.join('').split('\n').length + 1 };
    }
  } catch (error) {
    // The parser's own messages quote the field.
    if (!(error instanceof CsvError)) throw error;
    const line = 'lines' in error ? ` at line ${String(error['lines'])}` : '';
    throw new CommandFailure(`${path} must be CSV (RFC 4180): ${error.code}${line}`);
  }
}
