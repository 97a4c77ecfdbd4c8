import type { DestinationStream } from 'pino';

export interface TurnOutput extends DestinationStream {
  /** Writes what is held back, at once. */
  flush(): void;
}

/**
 * Hands on what one turn of the event loop logs in one piece: each line by itself is a system call, for a worker under load the
 * dearest part of logging. Nothing is held back longer than the turn, so a reader of the log sees no delay; a process that
 * is killed outright may take the lines of its last turn with it, one that exits flushes.
 */
export function writeByTurn(output: DestinationStream): TurnOutput {
  let held = '';
  const flush = () => {
    const lines = held;
    held = '';
    if (lines !== '') output.write(lines);
  };
  return {
    write: (line) => {
      if (held === '') setImmediate(flush);
      held += line;
    },
    flush,
  };
}
