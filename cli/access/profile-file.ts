import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { jsonText } from '../../shared/contract/json-text.ts';
import { CommandFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';
import { type Profile, type ProfileBook, profileBook } from './profile.ts';

/** Where profiles are kept: `veriqueue/profiles.json` in `XDG_CONFIG_HOME` (XDG Base Directory), or in `~/.config`. */
export function profilePath(configHome: string | undefined): string {
  return join(configHome ?? join(homedir(), '.config'), 'veriqueue', 'profiles.json');
}

const parsed = jsonText(profileBook);
const GROUP_AND_OTHERS = 0o077;
const none: ProfileBook = { profiles: {} };

/**
 * Every profile; none when the file is not there.
 *
 * @param uid of the user who runs this; undefined on systems without user ids, where no mode is judged
 * @throws {CommandFailure} for a file that others can read or have written, and for one that is no list of profiles
 */
export async function readProfiles(path: string, uid: number | undefined): Promise<ProfileBook> {
  const text = await readOwnFile(path, uid);
  if (text === null) return none;
  const book = parsed.safeParse(text);
  if (book.success) return book.data;
  // Zod's issues hold no values, but names of fields may be anything: a mistyped file is shown by its path alone.
  throw new CommandFailure(
    `Cannot use ${path}: it must be JSON as veriqueue profile set writes it. Repair it, or remove it and set the profiles again`,
    EXIT.calledWrongly,
  );
}

/** @throws {CommandFailure} when there is no such profile, or the file must not be used */
export async function readProfile(path: string, uid: number | undefined, name: string): Promise<Profile> {
  const { profiles } = await readProfiles(path, uid);
  // Not by index: `constructor` is no profile.
  const found = Object.entries(profiles).find(([key]) => key === name)?.[1];
  if (found !== undefined) return found;
  throw new CommandFailure(
    `Cannot find profile ${name}: see veriqueue profile list, or make it with veriqueue profile set`,
    EXIT.calledWrongly,
  );
}

/** In one step, for its owner alone: a reader sees the file before or after, and never a half. */
export async function writeProfiles(path: string, book: ProfileBook): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(book, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function readOwnFile(path: string, uid: number | undefined): Promise<string | null> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    // What is judged is what is read, whatever takes its name meanwhile.
    const stats = await file.stat();
    if (uid !== undefined && stats.uid !== uid && stats.uid !== 0) {
      throw new CommandFailure(
        `Cannot use ${path}: it must belong to the user who runs this`,
        EXIT.calledWrongly,
      );
    }
    if (uid !== undefined && (stats.mode & GROUP_AND_OTHERS) !== 0) {
      throw new CommandFailure(
        `Cannot use ${path}: it holds keys, and other users can read it. Run: chmod 600 '${path}'`,
        EXIT.calledWrongly,
      );
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
