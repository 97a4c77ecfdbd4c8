import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { nodeOptions } from '../../dev/start/child.ts';
import type { UpstreamCall } from './logs.ts';
import {
  type UpstreamOrder,
  type UpstreamSettings,
  upstreamLog,
  upstreamNews,
  upstreamReady,
} from './upstream-orders.ts';

/** The recording upstream, as the storm speaks to it. */
export interface Upstream {
  readonly url: string;
  /** Calls without an answer, as of a moment ago. */
  readonly underWay: () => number;
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
  let underWay = 0;
  child.on('message', (message) => {
    const news = upstreamNews.safeParse(message);
    if (news.success) ({ underWay } = news.data);
  });
  const { url } = await nextMessage(child, ended, upstreamReady);
  const send = (order: UpstreamOrder) => void child.send(order);
  return {
    url,
    underWay: () => underWay,
    spoil: (fault, count, forMs) => send({ order: 'spoil', fault, count, untilMs: Date.now() + forMs }),
    down: () => send({ order: 'down' }),
    up: () => send({ order: 'up' }),
    log: async () => {
      const log = nextMessage(child, ended, upstreamLog);
      send({ order: 'log' });
      return (await log).calls.sort((a, b) => a.at - b.at);
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The next message of one shape; others are for others. */
async function nextMessage<T>(child: ChildProcess, ended: Promise<unknown>, shape: z.ZodType<T>): Promise<T> {
  const message = new Promise<T>((resolve) => {
    const look = (received: unknown) => {
      const parsed = shape.safeParse(received);
      if (!parsed.success) return;
      child.off('message', look);
      resolve(parsed.data);
    };
    child.on('message', look);
  });
  const end = ended.then(() => {
    throw new Error('Cannot ask the upstream: its process must be up, received its end');
  });
  return Promise.race([message, end]);
}
