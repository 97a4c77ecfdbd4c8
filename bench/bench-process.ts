import { open } from 'node:fs/promises';
import { type RunningProcess, startProcess } from '../dev/start/child.ts';
import { builtEntry } from './built-entry.ts';

export interface BenchProcessOptions {
  readonly redisUrl: string;
  readonly lane: string;
  readonly keyText: string;
  /** Settings besides those every benchmark shares. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Also where each of two cores has ten others to serve. */
const WITHIN_MS = 120_000;

/** The worker as it runs in production, compiled. Its log lines are made and written as there, to nowhere. */
export function startBenchWorker(options: BenchProcessOptions): Promise<RunningProcess> {
  return startBenchProcess('worker', {
    ...options,
    environment: {
      TENCENTCLOUD_SECRET_ID: 'bench-secret-id',
      TENCENTCLOUD_SECRET_KEY: 'bench-secret-key',
      ALLOW_INSECURE_CALLBACKS: 'true',
      ...options.environment,
    },
  });
}

/** The producer likewise, on a free port of loopback. */
export function startBenchProducer(options: BenchProcessOptions): Promise<RunningProcess> {
  return startBenchProcess('producer', {
    ...options,
    environment: { PORT: '0', MAX_BACKLOG: '1000000', ...options.environment },
  });
}

async function startBenchProcess(
  folder: 'producer' | 'worker',
  { redisUrl, lane, keyText, environment }: BenchProcessOptions,
): Promise<RunningProcess> {
  const nowhere = await open('/dev/null', 'w');
  try {
    return await startProcess({
      name: folder,
      folder,
      entry: await builtEntry(`${folder}/main`),
      environment: {
        PATH: process.env['PATH'],
        REDIS_URL: redisUrl,
        LANE: lane,
        VERIQUEUE_KEYS: keyText,
        ...environment,
      },
      output: nowhere.fd,
      readyWithinMs: WITHIN_MS,
      stopWithinMs: WITHIN_MS,
    });
  } finally {
    await nowhere.close();
  }
}
