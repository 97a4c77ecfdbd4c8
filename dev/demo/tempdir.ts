import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { producerEnvironment } from '../../producer/settings.ts';
import { sandboxEnvironment } from '../../sandbox/settings.ts';
import { workerEnvironment } from '../../worker/settings.ts';
import { startEnvironment } from '../start/settings.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A folder of its own for one run: data, keys, and what the parts print. */
export interface Tempdir {
  readonly dataDir: string;
  readonly logPath: string;
  /** A file descriptor. */
  readonly output: number;
  remove(): Promise<void>;
}

export async function makeTempdir(): Promise<Tempdir> {
  const dataDir = await mkdtemp(join(tmpdir(), 'veriqueue-demo-'));
  const logPath = join(dataDir, 'demo.log');
  const output = openSync(logPath, 'a', 0o600);
  return {
    dataDir,
    logPath,
    output,
    remove: async () => {
      closeSync(output);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** All settings of all parts. */
const SETTINGS: ReadonlySet<string> = new Set(
  [startEnvironment, producerEnvironment, workerEnvironment, sandboxEnvironment].flatMap(({ shape }) =>
    Object.keys(shape),
  ),
);

/**
 * The user's environment without any setting of ours: a demonstration must not run on another Redis of the user, and still less ask a
 * real upstream for money.
 */
export function withoutSettings(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SETTINGS.has(name)));
}
