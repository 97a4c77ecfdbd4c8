import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** Generous: a machine may be busy. What takes longer hangs. */
const STEP_WITHIN_MS = 60_000;

/** The terminal of a person who reads one page and types what it shows: variables stay from block to block. */
export interface ReaderShell {
  /**
   * Runs commands to their end.
   *
   * @returns what they printed to standard output
   * @throws Error with what they printed when one fails
   */
  run(commands: string): Promise<string>;
  /** Starts commands that go on, as in a second terminal. */
  begin(name: string, commands: string): Promise<void>;
  /** Ctrl-C, and waits for its end. */
  interrupt(name: string): Promise<void>;
  /** Resolves once the service has printed what `enough` waits for; otherwise with what there is when time is up. */
  printedBy(name: string, enough: (printed: string) => boolean): Promise<string>;
  /** Ends whatever still runs. */
  close(): Promise<void>;
}

interface Service {
  readonly group: number;
  /** Has the number of the group while it may run. */
  readonly groupFile: string;
  readonly stream: Readable;
  printed: string;
}

export interface ShellOptions {
  readonly folder: string;
  /** For the blocks as files; made here. */
  readonly notebook: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Names of all services of the page: each gets a pipe of its own. */
  readonly services: readonly string[];
}

const FIRST_SERVICE_PIPE = 4;
const GROUP = '.group';

export async function openReaderShell(options: ShellOptions): Promise<ReaderShell> {
  const { folder, notebook, environment, services } = options;
  await mkdir(notebook, { recursive: true });
  const bash = spawn('bash', ['-euo', 'pipefail'], {
    cwd: folder,
    env: environment,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe', 'pipe', ...services.map(() => 'pipe' as const)],
  });
  const complaints = collect(bash.stderr);
  const marks = readLines(bash.stdio[3] as Readable);
  const ended = once(bash, 'exit');
  const running = new Map<string, Service>();
  let count = 0;

  /** Types a line that runs a file, and waits for the mark it leaves. A failing command ends the shell. */
  const type = async (commands: string, line: (file: string) => string) => {
    count += 1;
    const file = join(notebook, `block-${count}`);
    await writeFile(`${file}.sh`, commands);
    bash.stdin?.write(`${line(file)}\n`);
    const mark = await within(STEP_WITHIN_MS, Promise.race([marks.next(), ended.then(() => null)]));
    const read = (suffix: string) => readFile(`${file}${suffix}`, 'utf8').catch(() => '');
    if (typeof mark === 'string') return { file, mark, printed: await read('.out') };
    const how = mark === null ? 'failed' : `took longer than ${STEP_WITHIN_MS} ms`;
    throw new Error(`${how}:\n${commands}\n${await read('.out')}${await read('.err')}${complaints()}`);
  };

  return {
    run: async (commands) => {
      const { printed } = await type(
        commands,
        (file) => `. "${file}.sh" > "${file}.out" 2> "${file}.err" < /dev/null; echo done >&3`,
      );
      return printed;
    },
    begin: async (name, commands) => {
      const pipe = FIRST_SERVICE_PIPE + services.indexOf(name);
      // Job control gives it a process group of its own, and leaves its SIGINT alone.
      // On a busy machine the mark may come too late for this call: the file says what to end all the same.
      const { file, mark } = await type(
        commands,
        (each) =>
          `set -m; . "${each}.sh" >&${pipe} 2>&1 3>&- < /dev/null & echo $! > "${each}${GROUP}"; set +m; cat "${each}${GROUP}" >&3`,
      );
      const service: Service = {
        group: Number(mark),
        groupFile: `${file}${GROUP}`,
        stream: bash.stdio[pipe] as Readable,
        printed: '',
      };
      service.stream.setEncoding('utf8').on('data', (text: string) => {
        service.printed += text;
      });
      running.set(name, service);
    },
    interrupt: async (name) => {
      const { group, groupFile } = running.get(name) ?? missing(name);
      // Only the shell sees the end of its children: it holds their pipes open itself.
      await type(
        `kill -INT -- -${group}; wait ${group} || true\n`,
        (file) => `. "${file}.sh"; echo done >&3`,
      );
      await rm(groupFile);
      running.delete(name);
    },
    printedBy: async (name, enough) => {
      const service = running.get(name) ?? missing(name);
      await waitForText(service, enough);
      return service.printed;
    },
    close: async () => {
      for (const { group } of running.values()) signal(-group, 'SIGINT');
      bash.stdin?.end();
      if ((await within(STEP_WITHIN_MS, ended)) === undefined) endHung(bash);
      for (const group of await readGroups(notebook)) signal(-group, 'SIGKILL');
    },
  };
}

/** Of the services that were started and not interrupted. */
async function readGroups(notebook: string): Promise<number[]> {
  const files = (await readdir(notebook)).filter((name) => name.endsWith(GROUP));
  const groups = await Promise.all(
    files.map(async (name) => Number(await readFile(join(notebook, name), 'utf8'))),
  );
  return groups.filter((group) => group > 0);
}

function missing(name: string): never {
  throw new Error(`Cannot find ${name}: it must have been started before`);
}

async function waitForText(service: Service, enough: (printed: string) => boolean): Promise<void> {
  const deadline = AbortSignal.timeout(STEP_WITHIN_MS / 2);
  try {
    while (!enough(service.printed) && !service.stream.readableEnded) {
      await once(service.stream, 'data', { signal: deadline });
    }
  } catch (error) {
    if (!deadline.aborted) throw error;
  }
}

function collect(stream: Readable | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Lines as they come, for one reader. */
function readLines(stream: Readable) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    rest += chunk;
    stream.emit('more');
  });
  return {
    next: async (): Promise<string> => {
      while (!rest.includes('\n')) await once(stream, 'more');
      const end = rest.indexOf('\n');
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return line;
    },
  };
}

/** Undefined when it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What hangs keeps its shell waiting: both are of one group. */
function endHung({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) signal(-pid, 'SIGKILL');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
