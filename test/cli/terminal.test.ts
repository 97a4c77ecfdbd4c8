import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { escapeControls } from '../../cli/escape-controls.ts';
import { createTerminal, fitLine, printable } from '../../cli/terminal.ts';

function terminalOn({ color = false, json = false, isTTY = false }) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map((stream) =>
    Object.assign(stream, { isTTY, columns: 80 }),
  ) as unknown as [NodeJS.WriteStream, NodeJS.WriteStream];
  const terminal = createTerminal({ stdout, stderr, json: () => json, color });
  const read = (stream: NodeJS.WriteStream) => String((stream as unknown as PassThrough).read() ?? '');
  return { terminal, out: () => read(stdout), err: () => read(stderr) };
}

const rows = [
  ['a', 'bb'],
  ['ccc', 'd'],
];

const hostile = '\u001b[2J\u009b31m\u0007\r\n\t\u202e\u2028\u{e0041}\ud800';
const STYLES = new RegExp(`${'\u001b'}\\[(1|22)m`, 'g');
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

describe('text from outside', () => {
  it.each([false, true])('steers no terminal, with color %s', (color) => {
    const { terminal, out, err } = terminalOn({ color, isTTY: true });
    terminal.show({}, hostile);
    terminal.remark(hostile);
    const shown = [
      terminal.table(['X'], [[hostile]], ''),
      terminal.pairs({ x: hostile }),
      out(),
      err(),
      printable(hostile),
      escapeControls(hostile),
    ];
    for (const text of shown) {
      const ours = text.replace(STYLES, '').replaceAll('\n', '');
      expect(ours).not.toMatch(CONTROLS);
      expect(ours).toContain('\\u001b[2J\\u009b31m\\u0007');
    }
    expect(terminal.pairs({ x: hostile }).split('\n')).toHaveLength(1);
    expect(printable(hostile)).not.toContain('\n');
  });

  it('steers none that is drawn again, beside the sequences that draw it', () => {
    const { terminal, out } = terminalOn({ isTTY: true });
    terminal.live()?.update([hostile]);
    expect(out()).toContain('\\u001b[2J\\u009b31m\\u0007\\u000d');
  });

  it('is the same value under --json', () => {
    const { terminal, out } = terminalOn({ json: true });
    terminal.show({ [hostile]: hostile }, '');
    const text = out();
    expect(text.trimEnd()).not.toMatch(CONTROLS);
    expect(JSON.parse(text)).toEqual({ [hostile]: hostile });
  });
});

describe('terminal', () => {
  it('lays columns out with spaces alone', () => {
    const { terminal } = terminalOn({});
    expect(terminal.table(['X', 'Y'], rows, 'nothing')).toBe('X    Y\na    bb\nccc  d');
    expect(terminal.table(['X', 'Y'], [], 'nothing')).toBe('nothing');
    expect(terminal.pairs({ x: '1', long: '2' })).toBe('x     1\nlong  2');
  });

  it('prints no escape sequence unless colors are wanted', () => {
    const introducer = '\u001b';
    expect(terminalOn({ isTTY: true }).terminal.table(['X'], rows, '')).not.toContain(introducer);
    expect(terminalOn({ color: true }).terminal.table(['X'], rows, '')).toContain(introducer);
  });

  it.each([
    ['fits', 80, 'lane  main'],
    ['is cut before it would wrap', 8, 'lane  m'],
    ['is whole where the width is not known', 0, 'lane  main'],
    ['is whole where there is no width', undefined, 'lane  main'],
  ])('a line %s (%s columns)', (_what, columns, shown) => {
    expect(fitLine('lane  main', columns)).toBe(shown);
  });

  it('a style takes no room, and is ended where its text is cut', () => {
    const [bold, plain] = ['\u001b[1m', '\u001b[22m'];
    expect(fitLine(`${bold}lane${plain}  main`, 8)).toBe(`${bold}lane${plain}  m`);
    expect(fitLine(`${bold}lane${plain}  main`, 4)).toBe(`${bold}lan${plain}`);
  });

  it('redraws in place', () => {
    const { terminal, out } = terminalOn({ isTTY: true });
    const live = terminal.live();
    live?.update(['one', 'two']);
    out();
    live?.update(['three']);
    expect(out()).toBe('\u001b[2A\rthree\u001b[K\n\u001b[J');
  });

  it('gives machines one line of JSON, without remarks and progress', () => {
    const { terminal, out, err } = terminalOn({ json: true, isTTY: true });
    terminal.progress('Working', 3).update(1);
    terminal.show({ a: 1 }, 'one');
    terminal.remark('by the way');
    expect([out(), err()]).toEqual(['{"a":1}\n', '']);
  });

  it('shows progress on a terminal alone', () => {
    for (const isTTY of [true, false]) {
      const { terminal, out, err } = terminalOn({ isTTY });
      const progress = terminal.progress('Working', 3);
      progress.update(3);
      progress.stop();
      expect([out(), err().includes('Working')]).toEqual(['', isTTY]);
    }
  });
});
