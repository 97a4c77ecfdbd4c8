import { SingleBar } from 'cli-progress';

export interface Progress {
  /** How many have their answer. */
  update(done: number): void;
  stop(): void;
}

interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A line instead of a bar, where no user would see the bar move. */
const LINE_EVERY_MS = 2_000;

/** A bar with rate and time left on a terminal, a line now and then in a log. */
export function startProgress(
  total: number,
  terminal: NodeJS.WriteStream,
  now: () => number = Date.now,
): Progress {
  return terminal.isTTY ? startBar(total, terminal, now) : startLines(total, terminal, now);
}

function startBar(total: number, terminal: NodeJS.WriteStream, now: () => number): Progress {
  const startedAt = now();
  let done = 0;
  const facts = () => describePace({ done, total, elapsedMs: now() - startedAt });
  const bar = new SingleBar({
    format: '{bar} {value}/{total} verdicts | {pace}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    stream: terminal,
    hideCursor: true,
  });
  bar.start(total, 0, { pace: facts() });
  // Rate and time left move on even while no verdict comes.
  const timer = setInterval(() => bar.update(done, { pace: facts() }), 250);
  return {
    update: (value) => {
      done = value;
      bar.update(done, { pace: facts() });
    },
    stop: () => {
      clearInterval(timer);
      bar.stop();
    },
  };
}

function startLines(total: number, terminal: Terminal, now: () => number): Progress {
  const startedAt = now();
  let done = 0;
  const print = () => {
    const pace = describePace({ done, total, elapsedMs: now() - startedAt });
    terminal.write(`  ${done}/${total} verdicts | ${pace}\n`);
  };
  const timer = setInterval(print, LINE_EVERY_MS);
  return {
    update: (value) => {
      done = value;
    },
    stop: () => {
      clearInterval(timer);
      print();
    },
  };
}

/** Rate and time left, from the average since the start. */
export function describePace(facts: {
  readonly done: number;
  readonly total: number;
  readonly elapsedMs: number;
}): string {
  const { done, total, elapsedMs } = facts;
  const perSecond = elapsedMs > 0 ? done / (elapsedMs / 1000) : 0;
  const rate = `${perSecond.toFixed(1)}/s`;
  if (done >= total) return `${rate} | done in ${(elapsedMs / 1000).toFixed(1)} s`;
  return perSecond > 0
    ? `${rate} | ${Math.ceil((total - done) / perSecond)} s left`
    : 'waiting for the first';
}
