import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeOptions } from '../../start/child.ts';
import type { UpstreamCall } from './logs.ts';
import { type UpstreamOrder, type UpstreamSettings, upstreamLog, upstreamReady } from './upstream-orders.ts';

/** The recording upstream, as the storm speaks to it. */
export interface Upstream {
  readonly url: string;
  spoil(fault: string, count: number, forMs: number): void;
  down(): void;
  /** Listens again, and spoils nothing more. */
  up(): void;
  /** Every call so far, by arrival. */
  log(): Promise<readonly UpstreamCall[]>;
  stop(): Promise<void>;
}

export async function startUpstream(settings: UpstreamSettings): Promise<Upstream> {
  const entry = new URL('upstream-process.ts', import.meta.url);
  const child: ChildProcess = fork(fileURLToPath(entry), [JSON.stringify(settings)], {
    execArgv: [...nodeOptions(entry)],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const { url } = upstreamReady.parse(await nextMessage(child, ended));
  const send = (order: UpstreamOrder) => void child.send(order);
  return {
    url,
    spoil: (fault, count, forMs) => send({ order: 'spoil', fault, count, untilMs: Date.now() + forMs }),
    down: () => send({ order: 'down' }),
    up: () => send({ order: 'up' }),
    log: async () => {
      const message = nextMessage(child, ended);
      send({ order: 'log' });
      return upstreamLog.parse(await message).calls.sort((a, b) => a.at - b.at);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function nextMessage(child: ChildProcess, ended: Promise<unknown>): Promise<unknown> {
  const message = once(child, 'message').then(([first]) => first as unknown);
  const end = ended.then(() => {
    throw new Error('Cannot ask the upstream: its process must be up, received its end');
  });
  return Promise.race([message, end]);
}
