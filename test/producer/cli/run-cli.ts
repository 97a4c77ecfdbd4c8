import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type CliEnvironment = Readonly<Record<string, string>>;

/** The command line's source, whether or not a build lies beside it. */
function spawnCli(args: readonly string[], environment: CliEnvironment): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--import', 'tsx', 'producer/cli/main.ts', ...args], {
    cwd: root,
    // Nobody's development Redis is touched by accident.
    env: { PATH: process.env['PATH'], VERIQUEUE_DATA_DIR: '/nonexistent', ...environment },
  });
}

export async function runCli(args: readonly string[], environment: CliEnvironment): Promise<CliResult> {
  const child = spawnCli(args, environment);
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
  /** The next line it prints, as JSON. */
  nextLine<T>(): Promise<T>;
  /** SIGINT, as Ctrl-C does; the exit code. */
  interrupt(): Promise<number | null>;
  /** SIGKILL, as a crash does. */
  kill(): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export function startCli(args: readonly string[], environment: CliEnvironment): RunningCli {
  const child = spawnCli([...args, '--json'], environment);
  const errors = text(child.stderr);
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    nextLine: async <T>() => {
      const { value, done } = await lines.next();
      if (done) throw new Error(`Cannot read a line: the command ended: ${await errors}`);
      return JSON.parse(value) as T;
    },
    interrupt: async () => {
      child.kill('SIGINT');
      const ending = await ended;
      return typeof ending === 'number' ? ending : null;
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}
