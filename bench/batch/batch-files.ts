import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeJpeg, makePerson } from '../made-up-person.ts';

/** A batch on disk, with made-up people. */
export interface BatchFiles {
  readonly csv: string;
  readonly photos: string;
  readonly results: string;
  remove(): Promise<void>;
}

const DIFFERENT_PHOTOS = 200;

export const referenceOf = (serial: number): string => `batch-${serial}`;

/** @param first serial number of the first person */
export async function makeBatchFiles({
  first,
  rows,
  photoBytes,
}: {
  readonly first: number;
  readonly rows: number;
  readonly photoBytes: number;
}): Promise<BatchFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-batch-bench-'));
  const photos = join(folder, 'photos');
  await mkdir(photos);
  for (let i = 0; i < DIFFERENT_PHOTOS; i += 1)
    await writeFile(join(photos, `${i}.jpg`), makeJpeg(photoBytes));
  const csv = join(folder, 'people.csv');
  const file = createWriteStream(csv);
  file.write('idCard,name,photo,reference\n');
  for (let serial = first; serial < first + rows; serial += 1) {
    const { idCard, name } = makePerson(serial);
    file.write(`${idCard},${name},${serial % DIFFERENT_PHOTOS}.jpg,${referenceOf(serial)}\n`);
  }
  file.end();
  await once(file, 'finish');
  return {
    csv,
    photos,
    results: join(folder, 'people.results.csv'),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
