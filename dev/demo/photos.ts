import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findPackageRoot } from '../../shared/package-root.ts';

export interface Photo {
  readonly name: string;
  readonly bytes: Buffer;
}

const SMALL_AND_USUAL = [
  'robot-240x320.jpg',
  'robot-480x640.jpg',
  'robot-240x320.png',
  'robot-720x960.jpg',
  'robot-480x640.png',
];

/** 4 characters of Base64 under what the upstream takes. */
const JUST_UNDER_LIMIT = 'robot-1200x1600-limit.jpg';
const ONE_LARGE_IN = 15;

/** Which photo goes with the `index`th submission. */
export type ChoosePhoto = (index: number) => Photo;

/** @param own a file of the user's, to be sent with every submission */
export async function loadPhotos(own: string | undefined): Promise<ChoosePhoto> {
  if (own !== undefined) {
    const photo = await load(own);
    return () => photo;
  }
  const usual = await Promise.all(SMALL_AND_USUAL.map(loadSample));
  const large = await loadSample(JUST_UNDER_LIMIT);
  return (index) => (index % ONE_LARGE_IN === 0 ? large : (usual[index % usual.length] ?? large));
}

const loadSample = (file: string): Promise<Photo> =>
  load(fileURLToPath(new URL(`samples/${file}`, findPackageRoot())));

async function load(path: string): Promise<Photo> {
  try {
    return { name: basename(path), bytes: await readFile(path) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The photo ${path} cannot be read: ${code === 'ENOENT' ? 'no such file' : code}`);
  }
}
