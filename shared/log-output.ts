import type { DestinationStream } from 'pino';

export interface GatheredOutput extends DestinationStream {
  /** Writes what is held back, at once. */
  flush(): void;
  /** pino puts the level of a line there before it writes it, for an output with the symbol below. */
  lastLevel?: number;
}

/** Asks pino for `lastLevel` (pino's documentation, "pino.symbols and metadata"). */
const WANTS_LEVEL = Symbol.for('pino.metadata');

/** Lines are held back for so long, or until there are so many characters of them. */
const HELD_MS = 25;
const HELD_LENGTH = 8192;
/** pino's number for `warn`. */
const WARN = 40;

/**
 * Writes what a process logs in pieces of several lines: each write is a system call, for a process under load the dearest part
 * of logging. A warning, or worse, is written at once with all before it. A process that is killed outright may take the last
 * 25 ms of its other lines with it; one that exits flushes.
 */
export function gatherLines(output: DestinationStream): GatheredOutput {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const lines = held;
    held = '';
    if (lines !== '') output.write(lines);
  };
  const gathered: GatheredOutput = {
    write: (line) => {
      held += line;
      if ((gathered.lastLevel ?? 0) >= WARN || held.length >= HELD_LENGTH) flush();
      else timer ??= setTimeout(flush, HELD_MS).unref();
    },
    flush,
  };
  return Object.assign(gathered, { [WANTS_LEVEL]: true });
}
