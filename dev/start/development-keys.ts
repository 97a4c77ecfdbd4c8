import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatProducerKeys, generateKeys } from '../../shared/sealing/generate-keys.ts';
import { type KeyRing, parseKeyRing } from '../../shared/sealing/key-ring.ts';

export interface DevelopmentKeys {
  /** As in `VERIQUEUE_KEYS` of a worker. */
  readonly text: string;
  /** The same without what opens, if there is a public half: for the producer. */
  readonly producerText: string;
  readonly keyRing: KeyRing;
  /** The file they were read from or written to; null when they came from the environment. */
  readonly path: string | null;
}

/**
 * The sealing keys: those of the environment, else one made in the data folder at the first start (mode 0600).
 *
 * @throws Error naming what is wrong with them; key material is never in it
 */
export async function loadSealingKeys(
  fromEnvironment: string | undefined,
  dataDir: string,
): Promise<DevelopmentKeys> {
  if (fromEnvironment !== undefined) return { ...parse(fromEnvironment, 'VERIQUEUE_KEYS'), path: null };
  const path = join(dataDir, 'sealing-keys');
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  try {
    const { privateKey, digestKey } = generateKeys(randomBytes);
    await writeFile(path, `${privateKey},${digestKey}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  await chmod(path, 0o600);
  return { ...parse((await readFile(path, 'utf8')).trim(), path), path };
}

function parse(text: string, from: string): Omit<DevelopmentKeys, 'path'> {
  const parsed = parseKeyRing(text);
  if (parsed.ok) return { text, producerText: formatProducerKeys(parsed.keyRing), keyRing: parsed.keyRing };
  throw new Error(`The sealing keys of ${from} are wrong:\n  ${parsed.errors.join('\n  ')}`);
}
