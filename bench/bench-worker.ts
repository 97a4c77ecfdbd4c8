import { open } from 'node:fs/promises';
import { type RunningProcess, startProcess } from '../dev/start/child.ts';
import { builtEntry } from './built-entry.ts';

export interface BenchWorkerOptions {
  readonly redisUrl: string;
  readonly lane: string;
  readonly keyText: string;
  /** Settings besides those every benchmark shares. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The worker as it runs in production, compiled. Its log lines are made and written as there, to nowhere. */
export async function startBenchWorker(options: BenchWorkerOptions): Promise<RunningProcess> {
  const nowhere = await open('/dev/null', 'w');
  try {
    return await startProcess({
      name: 'worker',
      folder: 'worker',
      entry: await builtEntry('worker/main'),
      environment: {
        PATH: process.env['PATH'],
        REDIS_URL: options.redisUrl,
        LANE: options.lane,
        VERIQUEUE_KEYS: options.keyText,
        TENCENTCLOUD_SECRET_ID: 'bench-secret-id',
        TENCENTCLOUD_SECRET_KEY: 'bench-secret-key',
        ALLOW_INSECURE_CALLBACKS: 'true',
        ...options.environment,
      },
      output: nowhere.fd,
      readyWithinMs: 30_000,
      stopWithinMs: 30_000,
    });
  } finally {
    await nowhere.close();
  }
}
