import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';
import type { PipelineOptions } from '../pipelines/pipeline-options.ts';

/** Sidekiq's default. */
const THREADS = 10;
const WORKER = fileURLToPath(new URL('sidekiq-worker.rb', import.meta.url));

const systemEnvironment = () => ({ ...pickSystemEnvironment(process.env), LANG: 'C.UTF-8' });

/** @returns such as `Sidekiq 6.4.1`; undefined where it is not installed */
export function findSidekiq(): string | undefined {
  const options = { env: systemEnvironment(), encoding: 'utf8' } as const;
  const { status, stdout } = spawnSync('sidekiq', ['--version'], options);
  return status === 0 ? stdout.trim() : undefined;
}

export interface SidekiqProcess {
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * The one worker process of the Sidekiq pipeline; it ends with this process.
 *
 * @throws Error when it ends before it takes jobs
 */
export async function startSidekiq(options: PipelineOptions): Promise<SidekiqProcess> {
  const { redisUrl, upstreamUrl, receiverUrl } = options;
  const queues = ['--queue', 'verifications', '--queue', 'events'];
  const child = spawn('sidekiq', ['--require', WORKER, '--concurrency', String(THREADS), ...queues], {
    env: {
      ...systemEnvironment(),
      REDIS_URL: redisUrl,
      UPSTREAM_URL: upstreamUrl,
      RECEIVER_URL: receiverUrl,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const ready = once(createInterface({ input: child.stdout }), 'line');
  const failed = ended.then(([code]) => {
    throw new Error(`Cannot start Sidekiq: it ended with ${code}`);
  });
  await Promise.race([ready, failed]);
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
