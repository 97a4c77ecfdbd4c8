import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { programArguments } from '../support/compiled-program.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type CliEnvironment = Readonly<Record<string, string>>;

const main = await programArguments('cli/main');

/**
 * The command line as its sources are now, whether or not a build lies beside them.
 *
 * @param cwd the folder it runs in, this checkout unless given
 */
export function spawnCli(
  args: readonly string[],
  environment: CliEnvironment,
  cwd = root,
): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...main, ...args], {
    cwd,
    // A developer's own Redis is never touched by accident.
    env: { PATH: process.env['PATH'], VERIQUEUE_DATA_DIR: '/nonexistent', ...environment },
  });
}

export async function runCli(
  args: readonly string[],
  environment: CliEnvironment,
  cwd?: string,
): Promise<CliResult> {
  const child = spawnCli(args, environment, cwd);
  const [[code], stdout, stderr] = await Promise.all([
    once(child, 'exit') as Promise<[number | null]>,
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

/** Runs it with `--json`, expects it to succeed, and returns what it printed. */
export async function runJson<T>(args: readonly string[], environment: CliEnvironment): Promise<T> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], environment);
  if (code === 0) return JSON.parse(stdout) as T;
  throw new Error(`Cannot run ${args.join(' ')}: it must exit with 0, received ${code}: ${stderr}`);
}

export interface RunningCli {
  readonly pid: number;
  /** The next line it prints, as JSON. */
  nextLine<T>(): Promise<T>;
  /** The next line it prints. */
  nextText(): Promise<string>;
  /** Everything on its standard error, once it has ended. */
  readonly errors: Promise<string>;
  /** SIGINT, as Ctrl-C does; the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL, as a crash does. */
  kill(): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Starts it with `--json`. */
export function startCli(args: readonly string[], environment: CliEnvironment): RunningCli {
  return startPlainCli([...args, '--json'], environment);
}

/** Starts it as people do. */
export function startPlainCli(args: readonly string[], environment: CliEnvironment): RunningCli {
  const child = spawnCli(args, environment);
  const errors = text(child.stderr);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextText = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Cannot read a line: the command ended: ${await errors}`);
    return value;
  };
  return {
    pid: child.pid ?? 0,
    nextLine: async <T>() => JSON.parse(await nextText()) as T,
    nextText,
    errors,
    interrupt: async () => {
      child.kill('SIGINT');
      const ending = await ended;
      return typeof ending === 'number' ? ending : null;
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}
