import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { formatCsv } from '../../../cli/batch/csv-file.ts';
import { makeJpegOf } from '../../producer/submission-builder.ts';
import { makePerson } from '../../support/person.ts';

export type RowFields = Readonly<Record<string, string>>;

/** A folder of a test's own with `people.csv` and `photos/`. */
export interface BatchFiles {
  readonly folder: string;
  readonly csv: string;
  readonly photos: string;
  path(name: string): string;
  write(rows: readonly RowFields[]): Promise<void>;
  /** The rows of a CSV file, by column. */
  read(name: string): Promise<Record<string, string>[]>;
  text(name: string): Promise<string>;
  remove(): Promise<void>;
}

const PHOTOS = 4;

export async function makeBatchFiles(): Promise<BatchFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-batch-'));
  const photos = join(folder, 'photos');
  await mkdir(photos);
  for (let i = 0; i < PHOTOS; i += 1) await writeFile(join(photos, `${i}.jpg`), makeJpegOf(2_000 + i));
  const path = (name: string) => join(folder, name);
  const text = (name: string) => readFile(path(name), 'utf8');
  const csv = path('people.csv');
  return {
    folder,
    csv,
    photos,
    path,
    text,
    write: async (rows) => {
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const lines = rows.map((row) => columns.map((column) => row[column] ?? ''));
      await writeFile(csv, formatCsv([columns, ...lines]));
    },
    read: async (name) => parse(await text(name), { columns: true }) as Record<string, string>[],
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Rows about different people, `order-0` and so on. */
export function makeRows(count: number): RowFields[] {
  return Array.from({ length: count }, (_, i) => ({
    ...makePerson(),
    photo: `${i % PHOTOS}.jpg`,
    reference: `order-${i}`,
  }));
}
