import { lstat, open, stat } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

/** Who may own a data folder and its files: these user ids, anyone, or null on systems without user ids. */
type Owners = readonly number[] | 'anyone' | null;

/** Where `npm start` keeps keys and addresses, and the command line finds them. */
export interface DataFolder {
  /** As it was given. */
  readonly path: string;
  readonly owners: Owners;
}

/** Who runs this process. */
export interface ProcessUser {
  /** The effective user id; undefined on systems without user ids. */
  readonly uid: number | undefined;
  /** `SUDO_UID`: who became root by sudo may use a folder of their own. */
  readonly sudoUid: string | undefined;
}

/**
 * A data folder with the rule for its owner. One that is named by an absolute path was chosen by the user, who may mean
 * a service's. A relative one is whatever the current folder holds: it must be the user's own, or root's.
 */
export function dataFolderOf(path: string, { uid, sudoUid }: ProcessUser): DataFolder {
  if (uid === undefined) return { path, owners: null };
  if (isAbsolute(path)) return { path, owners: 'anyone' };
  const invoker = uid === 0 && /^\d{1,10}$/.test(sudoUid ?? '') ? [Number(sudoUid)] : [];
  return { path, owners: [uid, 0, ...invoker] };
}

/** The folder, or a file in it, says where subjects and secrets go, and must not be believed. */
export class UntrustedFolderError extends Error {
  override readonly name = 'UntrustedFolderError';
}

/**
 * Refuses a data folder of another user, as git refuses a repository: one that lies in a shared folder could name the
 * address that ID numbers and photos are sent to. A folder that is not there is fine.
 *
 * @throws {UntrustedFolderError} saying what is wrong and what to do
 */
export async function assertTrustedFolder({ path, owners }: DataFolder): Promise<void> {
  try {
    const link = await lstat(path);
    // Of a link the mode says nothing.
    if (link.isSymbolicLink()) assertTrusted(path, { uid: link.uid, mode: 0 }, owners);
    assertTrusted(path, await stat(path), owners);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/**
 * A file of a data folder, or undefined when it is not there. The folder's rules hold for it too, and for the folder in
 * which it lies.
 *
 * @param name below the folder
 * @throws {UntrustedFolderError}
 */
export async function readTrustedFile(folder: DataFolder, name: string): Promise<string | undefined> {
  const path = join(folder.path, name);
  await assertTrustedFolder(folder);
  await assertTrustedFolder({ path: join(path, '..'), owners: folder.owners });
  try {
    const file = await open(path, 'r');
    try {
      // What is judged is what is read, whatever takes its name meanwhile.
      assertTrusted(path, await file.stat(), folder.owners);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const GROUP_OR_OTHERS_WRITE = 0o022;

function assertTrusted(
  path: string,
  { uid, mode }: { readonly uid: number; readonly mode: number },
  owners: Owners,
): void {
  if (owners === null) return;
  const whole = resolve(path);
  if (owners !== 'anyone' && !owners.includes(uid)) {
    throw new UntrustedFolderError(
      `${path} belongs to another user (id ${uid}). What it holds decides where ID numbers, photos and secrets go. If you trust it, set VERIQUEUE_DATA_DIR to the absolute path of the data folder; if it is yours, run: chown -R "$(id -u)" '${whole}'`,
    );
  }
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) {
    throw new UntrustedFolderError(
      `${path} can be changed by other users. What it holds decides where ID numbers, photos and secrets go. If no other user has changed it, run: chmod -R go-w '${whole}'`,
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
