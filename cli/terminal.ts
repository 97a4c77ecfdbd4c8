import { styleText } from 'node:util';
import cliProgress from 'cli-progress';
import Table from 'cli-table3';
import { escapeControls, escapeLaidOut, stringifyVisibly } from './escape-controls.ts';

export interface Terminal {
  /**
   * What a command has to say: the value for machines under `--json`, the text for people otherwise. Controls in either are
   * escaped, here and in everything below; a text from outside within `text` goes through {@link printable} besides, or it
   * could begin lines of its own.
   */
  show(value: unknown, text: string): void;
  /** A remark beside the result; machines do not get it. */
  remark(text: string): void;
  /** Something that was left out of the result; to standard error for machines too, which would miss it. */
  warn(text: string): void;
  /** Columns under headings, `none` when there are no rows. */
  table(headings: readonly string[], rows: readonly (readonly string[])[], none: string): string;
  /** Names and values, one per line. */
  pairs(pairs: Readonly<Record<string, string>>): string;
  /** On a terminal only, and beside the result. */
  progress(label: string, total: number): Progress;
  /** Text that replaces the one before it. On a terminal only, and not under `--json`; null elsewhere. */
  live(): LiveText | null;
}

export interface LiveText {
  /** Lines that are too long for the terminal are cut. */
  update(lines: readonly string[]): void;
}

export interface Progress {
  /** @param note stands behind the numbers */
  update(done: number, note?: string): void;
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
  const layOut = (rows: readonly string[][]): string => {
    const table = new Table({
      chars: noBorder,
      style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    });
    table.push(...rows);
    return table.toString().replace(/ +$/gm, '');
  };
  return {
    show: (value, text) => void stdout.write(`${json() ? stringifyVisibly(value) : escapeLaidOut(text)}\n`),
    remark: (text) => {
      if (!json()) stderr.write(`${escapeLaidOut(text)}\n`);
    },
    warn: (text) => void stderr.write(`${escapeLaidOut(text)}\n`),
    table: (headings, rows, none) =>
      rows.length === 0
        ? none
        : layOut([headings.map(heading), ...rows.map((row) => row.map(escapeControls))]),
    pairs: (pairs) =>
      layOut(Object.entries(pairs).map(([name, value]) => [heading(name), escapeControls(value)])),
    progress: (label, total) => {
      if (json() || !stderr.isTTY) return noProgress;
      const format = `${label} {bar} {value}/{total}{note}, {eta_formatted} to go`;
      const bar = new cliProgress.SingleBar({ stream: stderr, format, hideCursor: true });
      bar.start(total, 0, { note: '' });
      return { update: (done, note = '') => bar.update(done, { note }), stop: () => bar.stop() };
    },
    live: () => (json() || !stdout.isTTY ? null : createLiveText(stdout)),
  };
}

const STYLE = new RegExp(`(${'\u001b'}\\[[0-9;]*m)`);

/**
 * The line as far as it fits. Styles take no room and are never cut.
 *
 * @param columns 0 or undefined on a terminal that does not report its width, as in some containers: nothing is cut then
 */
export function fitLine(line: string, columns: number | undefined): string {
  if (!columns) return line;
  let room = columns - 1;
  const fit = (part: string, index: number) => {
    if (index % 2 === 1) return part;
    const fitting = [...part].slice(0, room);
    room -= fitting.length;
    return fitting.join('');
  };
  return line.split(STYLE).map(fit).join('');
}

const CURSOR_UP = (lines: number) => (lines === 0 ? '' : `\u001b[${lines}A`);
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

/** Overwrites line by line, and clears what is left: clearing first would flicker. */
function createLiveText(stdout: NodeJS.WriteStream): LiveText {
  let shown = 0;
  return {
    update: (lines) => {
      // A line that wraps would be two, and the way back up one too short.
      const fitting = lines.map((line) => fitLine(escapeLaidOut(line), stdout.columns));
      const text = fitting.map((line) => `${line}${CLEAR_LINE}\n`).join('');
      stdout.write(`${CURSOR_UP(shown)}\r${text}${CLEAR_BELOW}`);
      shown = lines.length;
    },
  };
}

/** Text from outside on one line: what it has of line ends and other space becomes one space, and controls become visible. */
export function printable(text: string): string {
  return escapeControls(text.replace(/\s+/gu, ' ').trim());
}

/** A time as people read it; UTC, to the second. */
export function formatTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
