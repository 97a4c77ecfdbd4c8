import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

export type Environment = Readonly<Record<string, string>>;

export interface RunningProcess {
  readonly url: string;
  /** SIGTERM, as an operator stops it. */
  stop(): Promise<void>;
  /** SIGKILL, as a machine that dies. */
  kill(): Promise<void>;
}

/** A checkout of any version, known by nothing but what its users know: entries, environment, command line. */
export interface Installation {
  start(folder: 'producer' | 'worker' | 'sandbox', environment: Environment): Promise<RunningProcess>;
  /** Runs the command line with `--json`. */
  run<T>(args: readonly string[], environment: Environment): Promise<T>;
}

export function openInstallation(folder: string): Installation {
  const tsx = import.meta.resolve('tsx');
  const launch = (entry: string, args: readonly string[], environment: Environment, ipc: boolean) =>
    spawn(process.execPath, ['--import', tsx, `${folder}/${entry}`, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', ipc ? 'inherit' : 'pipe', 'inherit', ...(ipc ? (['ipc'] as const) : [])],
    });
  return {
    start: async (part, environment) => {
      const child = launch(`${part}/main.ts`, [], environment, true);
      const ended = once(child, 'exit');
      const end = async (signal: NodeJS.Signals) => {
        child.kill(signal);
        await ended;
      };
      return { url: await readyUrl(child, part), stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
    },
    run: async <T>(args: readonly string[], environment: Environment) => {
      const child = launch('cli/main.ts', [...args, '--json'], environment, false);
      const [output, [code]] = await Promise.all([
        child.stdout ? text(child.stdout) : '',
        once(child, 'exit'),
      ]);
      if (code !== 0)
        throw new Error(`Cannot run ${args.join(' ')} of ${pathToFileURL(folder)}: received ${code}`);
      return JSON.parse(output) as T;
    },
  };
}

async function readyUrl(child: ChildProcess, part: string): Promise<string> {
  const failed = once(child, 'exit').then(([code]) => {
    throw new Error(`Cannot start the ${part}: it ended with ${code}`);
  });
  for (;;) {
    const [message] = (await Promise.race([once(child, 'message'), failed])) as [{ url?: unknown }];
    if (typeof message.url !== 'string') continue;
    failed.catch(() => undefined);
    return message.url;
  }
}
