import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';

/** One request that arrived at the recorder. */
export interface Arrival {
  /** Milliseconds since the epoch, with fractions. */
  readonly atMs: number;
  readonly refused: boolean;
}

export interface RecorderOptions {
  readonly replyMs: readonly [min: number, max: number];
  /** Each arrival is moved by a random delay between 0 and this, as by a network in between. */
  readonly networkMs: number;
  /** Requests accepted per fixed second, 0 for all. */
  readonly limit: number;
}

export interface Recorder {
  readonly port: number;
  readonly arrivals: readonly Arrival[];
  /** Every answer from now on is this error. */
  failWith(code: string): void;
  /** Also those that wait for an answer find nothing there any more. */
  stop(): Promise<void>;
}

/** How arrivals are stamped on this machine, and the command that does it. */
export interface RecorderProgram {
  readonly clock: 'kernel' | 'node';
  readonly command: readonly [string, ...string[]];
  remove(): Promise<void>;
}

/** Compiles the native recorder; without a C compiler, the one in Node takes its place. */
export async function buildRecorder(): Promise<RecorderProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'veriqueue-recorder-'));
  const binary = join(folder, 'recorder');
  const source = fileURLToPath(new URL('recorder.c', import.meta.url));
  const env = pickSystemEnvironment(process.env);
  const compiled = ['cc', 'gcc', 'clang'].some(
    (compiler) => spawnSync(compiler, ['-O2', '-o', binary, source], { stdio: 'ignore', env }).status === 0,
  );
  const remove = () => rm(folder, { recursive: true, force: true });
  if (compiled) return { clock: 'kernel', command: [binary], remove };
  const script = fileURLToPath(new URL('node-recorder.ts', import.meta.url));
  return { clock: 'node', command: [process.execPath, '--import', 'tsx', script], remove };
}

export async function startRecorder(program: RecorderProgram, options: RecorderOptions): Promise<Recorder> {
  const { replyMs, networkMs, limit } = options;
  const [command, ...first] = program.command;
  const child = spawn(command, [...first, ...[...replyMs, networkMs, limit].map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const arrivals: Arrival[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Cannot start the recorder: it ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [kind, first, refused] = line.split(' ');
      if (kind === 'port') resolve(Number(first));
      else if (kind === 'arrival') arrivals.push({ atMs: nanosToMs(first ?? '0'), refused: refused === '1' });
    });
  });
  return {
    port,
    arrivals,
    failWith: (code) => void child.stdin.write(`${code}\n`),
    stop: () => stop(child),
  };
}

/** Nanoseconds since the epoch do not fit a double; the microseconds do. */
function nanosToMs(nanos: string): number {
  return Number(BigInt(nanos) / 1000n) / 1000;
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}
