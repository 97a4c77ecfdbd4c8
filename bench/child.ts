import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { nodeOptions } from '../dev/start/child.ts';

/** A process of the benchmark's own, spoken to over IPC. It ends with its parent. */
export interface Child {
  readonly pid: number;
  /** Where it listens; empty for one that does not. */
  readonly url: string;
  /** Sends a request and waits for the answer to it. */
  ask(message: object): Promise<unknown>;
  stop(): Promise<void>;
}

const readyMessage = z.object({ ready: z.literal(true), url: z.string() });

/** @param entry a module that sends `{ready: true, url}` once it is up, and ends when its parent is gone */
export async function startChild(entry: URL, orders: object): Promise<Child> {
  const child = fork(fileURLToPath(entry), [JSON.stringify(orders)], {
    execArgv: [...nodeOptions(entry)],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const { url } = readyMessage.parse(await nextMessage(child));
  return {
    pid: child.pid ?? 0,
    url,
    ask: async (message) => {
      const answer = nextMessage(child);
      child.send(message);
      return answer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`Cannot go on: a child ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
