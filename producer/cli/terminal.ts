import { styleText } from 'node:util';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';

export interface Terminal {
  /** What a command has to say: the value for machines under `--json`, the text for people otherwise. */
  show(value: unknown, text: string): void;
  /** A remark beside the result; machines do not get it. */
  remark(text: string): void;
  /** Columns under headings, `none` when there are no rows. */
  table(headings: readonly string[], rows: readonly (readonly string[])[], none: string): string;
  /** Names and values, one per line. */
  pairs(pairs: Readonly<Record<string, string>>): string;
  /** On a terminal only, and beside the result. */
  progress(label: string, total: number): Progress;
}

export interface Progress {
  update(done: number): void;
  stop(): void;
}

export interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly json: () => boolean;
  readonly color: boolean;
}

const gap = '  ';
/** No lines between cells: easy on the eye, and `awk` can read it. */
const noBorder = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: gap },
};

const noProgress: Progress = { update: () => undefined, stop: () => undefined };

export function createTerminal({ stdout, stderr, json, color }: TerminalOptions): Terminal {
  const heading = (text: string) => (color ? styleText('bold', text, { validateStream: false }) : text);
  const layOut = (rows: readonly (readonly string[])[]): string => {
    const table = new Table({
      chars: noBorder,
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    });
    table.push(...rows.map((row) => [...row]));
    return table.toString().replace(/ +$/gm, '');
  };
  return {
    show: (value, text) => void stdout.write(`${json() ? JSON.stringify(value) : text}\n`),
    remark: (text) => {
      if (!json()) stderr.write(`${text}\n`);
    },
    table: (headings, rows, none) => (rows.length === 0 ? none : layOut([headings.map(heading), ...rows])),
    pairs: (pairs) => layOut(Object.entries(pairs).map(([name, value]) => [heading(name), value])),
    progress: (label, total) => {
      if (json() || !stderr.isTTY) return noProgress;
      const format = `${label} {bar} {value}/{total}, {eta_formatted} to go`;
      const bar = new cliProgress.SingleBar({ stream: stderr, format, hideCursor: true });
      bar.start(total, 0);
      return { update: (done) => bar.update(done), stop: () => bar.stop() };
    },
  };
}

/** A time as people read it; UTC, to the second. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
