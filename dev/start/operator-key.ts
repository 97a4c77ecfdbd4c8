import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface OperatorKey {
  readonly key: string;
  /** The file it was read from or written to; null when it came from the environment. */
  readonly path: string | null;
}

/** The operator key: that of the environment, else one made in the data folder at the first start (mode 0600). */
export async function loadOperatorKey(
  fromEnvironment: string | undefined,
  dataDir: string,
): Promise<OperatorKey> {
  if (fromEnvironment !== undefined) return { key: fromEnvironment, path: null };
  const path = join(dataDir, 'operator-key');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    await writeFile(path, `vqo_${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await chmod(path, 0o600);
  return { key: (await readFile(path, 'utf8')).trim(), path };
}
