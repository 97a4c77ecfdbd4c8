/** What a process is given by the system that runs it. */
export interface ProcessContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Aborts with SIGTERM, SIGINT, or when the process that started this one over an IPC channel is gone. */
  readonly signal: AbortSignal;
  /** Whether people read standard output as it is written. */
  readonly isTerminal: boolean;
  /** Reports to the parent process, if there is one, that work is taken now. */
  readonly reportReady: (where: { readonly url: string; readonly operationsUrl?: string }) => void;
  /** Ends the process with 1 after `ms`, unless it has ended by then; `report` is called before. */
  readonly endWithin: (ms: number, report: () => void) => void;
}

/** `failed`: it ended by itself, and its supervisor should start it again. */
export type ProcessEnd = 'stopped' | 'failed';

type Run = (context: ProcessContext) => Promise<ProcessEnd>;

/**
 * The body of a `main.ts`: signals are handled before anything heavy is loaded. In a container without an init, Linux
 * drops a signal that process 1 has no handler for, and modules take more than a second to load on a busy machine.
 *
 * @param load imports the rest of the program; a process that is stopped meanwhile ends with 0 and runs nothing
 */
export function runProcess(load: () => Promise<Run>): void {
  const stop = new AbortController();
  const onStop = () => stop.abort();
  process.once('SIGTERM', onStop);
  process.once('SIGINT', onStop);
  process.once('disconnect', onStop);
  const run = async (): Promise<ProcessEnd> => {
    const start = await load();
    if (stop.signal.aborted) return 'stopped';
    return start({
      environment: process.env,
      signal: stop.signal,
      isTerminal: process.stdout.isTTY === true,
      reportReady: (where) => process.send?.({ ready: true, ...where }),
      endWithin,
    });
  };
  run().then(
    (end) => process.exit(end === 'stopped' ? 0 : 1),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}

function endWithin(ms: number, report: () => void): void {
  setTimeout(() => {
    report();
    process.exit(1);
  }, ms).unref();
}

/** Resolves when the process is asked to stop, also if it has been asked already. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
