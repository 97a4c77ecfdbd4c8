import { randomBytes } from 'node:crypto';
import { readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { CommandFailure } from '../command-failure.ts';
import { EXIT } from '../exit-codes.ts';

/** @throws {CommandFailure} when it is named nowhere */
export function accountsPath(
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const path = option ?? environment['ACCOUNTS_FILE'];
  if (path !== undefined && path !== '') return path;
  throw new CommandFailure(
    'Name the file of accounts: give --file, or set ACCOUNTS_FILE',
    EXIT.calledWrongly,
  );
}

/** Empty for a file that does not exist. @throws {CommandFailure} when it cannot be read */
export async function readAccountsText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown';
    if (code === 'ENOENT') return '';
    throw new CommandFailure(`Cannot read ${path}: ${String(code)}`);
  }
}

const NEW_FILE_MODE = 0o644;

/** At once or not at all: a worker that starts meanwhile reads the file before or after. A link keeps pointing at it. */
export async function writeAccountsText(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (found) => found.mode & 0o777,
    () => NEW_FILE_MODE,
  );
  const beside = `${target}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(beside, text, { mode, flag: 'wx', flush: true });
    await rename(beside, target);
  } catch (error) {
    await rm(beside, { force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`Cannot write ${path}: ${reason}`);
  }
}
