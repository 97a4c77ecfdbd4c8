/** Reads commands, which arrive as RESP arrays of bulk strings, in pieces of any size. */
export class CommandReader {
  #rest = '';

  /** @returns the commands that are complete now */
  read(bytes: Buffer): string[][] {
    this.#rest += bytes.toString('latin1');
    const commands: string[][] = [];
    let at = 0;
    for (;;) {
      const read = readCommand(this.#rest, at);
      if (read === null) break;
      commands.push(read.words);
      at = read.end;
    }
    this.#rest = this.#rest.slice(at);
    return commands;
  }
}

interface Line {
  readonly count: number;
  readonly end: number;
}

function readLine(text: string, at: number, kind: '*' | '$'): Line | null {
  const end = text.indexOf('\r\n', at);
  if (end < 0) return null;
  if (text[at] !== kind) throw new Error(`Cannot read a command: expected ${kind}, received ${text[at]}`);
  return { count: Number(text.slice(at + 1, end)), end: end + 2 };
}

function readCommand(text: string, at: number): { words: string[]; end: number } | null {
  if (at >= text.length) return null;
  const head = readLine(text, at, '*');
  if (head === null) return null;
  const words: string[] = [];
  let { end } = head;
  for (let left = head.count; left > 0; left -= 1) {
    if (end >= text.length) return null;
    const bulk = readLine(text, end, '$');
    if (bulk === null || bulk.end + bulk.count + 2 > text.length) return null;
    words.push(text.slice(bulk.end, bulk.end + bulk.count));
    end = bulk.end + bulk.count + 2;
  }
  return { words, end };
}
