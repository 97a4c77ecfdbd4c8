/** One fenced block of a page, as a reader sees it. */
export interface Block {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** Empty when the fence names none. */
  readonly language: string;
  /** Without the fences, and without the indentation that a list gives them. */
  readonly text: string;
  /** What an invisible `<!-- docs: … -->` right above says: `name` or `name=value`. */
  readonly notes: ReadonlyMap<string, string>;
}

const FENCE = /^( *)(`{3,}|~{3,})\s*(\w*).*$/;
const NOTES = /^ *<!-- docs: (.*?) -->$/;

/**
 * Every fenced block of a page, in order.
 *
 * @throws Error when a fence is not closed, which would hide all that follows
 */
export function extractBlocks(page: string, markdown: string): readonly Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const [, indent, fence, language] = FENCE.exec(lines[at] ?? '') ?? [];
    if (indent === undefined || fence === undefined || language === undefined) continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === fence);
    if (end === -1) throw new Error(`Cannot read ${page}: the fence of line ${at + 1} must be closed`);
    const text = lines.slice(at + 1, end).map((line) => removeIndent(line, indent.length));
    blocks.push({
      page,
      line: at + 1,
      language,
      text: text.map((line) => `${line}\n`).join(''),
      notes: readNotes(lines[at - 1] ?? ''),
    });
    at = end;
  }
  return blocks;
}

const removeIndent = (line: string, width: number) => line.replace(new RegExp(`^ {0,${width}}`), '');

function readNotes(line: string): ReadonlyMap<string, string> {
  const [, words = ''] = NOTES.exec(line) ?? [];
  return new Map(
    words
      .split(' ')
      .filter((word) => word !== '')
      .map((word) => {
        const [name = '', value = ''] = word.split('=');
        return [name, value];
      }),
  );
}

export const whereIs = ({ page, line }: Pick<Block, 'page' | 'line'>): string => `${page}:${line}`;
