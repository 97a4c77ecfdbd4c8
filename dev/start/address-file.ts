import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Leaves the producer's address beside its client's credentials, where the command line looks for both. */
export async function writeAddress(dataDir: string, url: string): Promise<void> {
  await writeFile(join(dataDir, 'address'), `${url}\n`, { mode: 0o600 });
}
