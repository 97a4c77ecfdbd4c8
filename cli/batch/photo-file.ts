import { constants } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { MAX_PHOTO_BYTES } from '../../shared/contract/photo-limits.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';
import { CommandFailure } from '../command-failure.ts';
import type { RowFault } from './batch-row.ts';

export type PhotoReading =
  | { readonly status: 'read'; readonly bytes: Buffer }
  | { readonly status: 'bad'; readonly fault: RowFault };

/** The folder all photos must lie in, as it really is. @throws {CommandFailure} */
export async function openPhotoFolder(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  if (isFolder) return realpath(path);
  throw new CommandFailure(`--photos must be a folder that exists: ${path}`, 2);
}

/**
 * Reads a photo, but only from within the folder, links followed: a row must not be able to send any other file of this
 * machine to the server.
 */
export async function readPhotoFile(folder: string, name: string): Promise<PhotoReading> {
  if (name.includes('\0') || !isWithin(folder, resolve(folder, name))) return outside;
  try {
    const path = await realpath(resolve(folder, name));
    return isWithin(folder, path) ? await readWhole(path) : outside;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return code === 'ENOENT'
      ? bad('photo_missing', 'must be a file in the folder of photos')
      : bad('photo_unreadable', `cannot be read: ${code}`);
  }
}

async function readWhole(path: string): Promise<PhotoReading> {
  // To open a pipe waits for its other end, but for this flag.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return bad('photo_unreadable', 'must be a file');
    if (stats.size > MAX_PHOTO_BYTES) return bad('photo_too_large', VALIDATION_FAILURES.photo_too_large);
    return { status: 'read', bytes: await file.readFile() };
  } finally {
    await file.close();
  }
}

function isWithin(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

const bad = (code: string, detail: string): PhotoReading => ({
  status: 'bad',
  fault: { field: 'photo', code, detail },
});
const outside = bad('photo_outside', 'must lie within the folder of photos');
