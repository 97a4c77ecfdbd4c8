import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** What a process reports to its parent over the IPC channel once it takes work. */
const readyMessage = z.object({
  ready: z.literal(true),
  url: z.string(),
  operationsUrl: z.string().optional(),
});

export interface RunningProcess {
  readonly name: string;
  /** Where it listens. */
  readonly url: string;
  /** Where it listens for operators, if that is elsewhere. */
  readonly operationsUrl: string | undefined;
  readonly pid: number;
  /** Resolves when the process has ended, with what to call it. */
  readonly ended: Promise<string>;
  /** SIGTERM, then wait; SIGKILL past the deadline. */
  stop(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  /** Folder whose `main.ts` is the entry of the process. */
  readonly folder: 'producer' | 'worker' | 'sandbox';
  /** An entry of another build than this one. */
  readonly entry?: URL;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** A file descriptor for the output of the process, or 'inherit'. */
  readonly output: number | 'inherit';
  readonly readyWithinMs: number;
  readonly stopWithinMs: number;
}

/**
 * Starts one process and waits until it takes work.
 *
 * @throws Error when it ends, or says nothing, before that
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const entry =
    options.entry ?? new URL(`../../${options.folder}/main${extname(import.meta.url)}`, import.meta.url);
  const child = spawn(process.execPath, [...nodeOptions(entry), fileURLToPath(entry)], {
    env: options.environment,
    stdio: ['ignore', options.output, options.output, 'ipc'],
  });
  const ended = once(child, 'exit').then(
    ([code, signal]) => `${options.name} ended with ${signal ?? `code ${code}`}`,
  );
  const { url, operationsUrl } = await firstMessage(child, ended, options);
  return {
    name: options.name,
    url,
    operationsUrl,
    pid: child.pid ?? 0,
    ended,
    stop: () => stop(child, ended, options.stopWithinMs),
  };
}

/** What Node.js needs for an entry: TypeScript runs through tsx, what is compiled as in the image. */
export function nodeOptions(entry: URL): readonly string[] {
  return entry.pathname.endsWith('.ts') ? ['--import', 'tsx'] : ['--enable-source-maps'];
}

async function firstMessage(
  child: ChildProcess,
  ended: Promise<string>,
  options: ProcessOptions,
): Promise<z.infer<typeof readyMessage>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The ${options.name} was not ready within ${options.readyWithinMs / 1000} s`));
    }, options.readyWithinMs);
    child.on('message', (message) => {
      const parsed = readyMessage.safeParse(message);
      if (!parsed.success) return;
      clearTimeout(timer);
      resolve(parsed.data);
    });
    void ended.then((how) => {
      clearTimeout(timer);
      reject(new Error(`Cannot start: the ${how} before it was ready`));
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<string>, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
  await ended;
  clearTimeout(timer);
}
