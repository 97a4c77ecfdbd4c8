import { posix } from 'node:path';
import { type Block, extractBlocks } from './fenced-blocks.ts';

/** One heading and what stands below it, up to the next. */
export interface Section {
  readonly level: number;
  readonly title: string;
  /** `1.`, `-` and table rows as `| 3`, in their order. */
  readonly outline: readonly string[];
  /** What stands in backticks, sorted. */
  readonly code: readonly string[];
  /** As written. */
  readonly links: readonly string[];
}

export interface PageStructure {
  readonly blocks: readonly Pick<Block, 'language' | 'text' | 'notes'>[];
  readonly sections: readonly Section[];
}

const FENCED = /^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1 *$/gm;
const CODE = /`([^`]+)`/g;
const LINK = /\]\(([^)\s]+)\)/g;
/** The link to the same page in the other language. */
const OTHER_LANGUAGE = /\(?\[(?:English|中文)\]\([^)]*\)\)?/g;

/** What a translation has in common with its original. */
export function readStructure(page: string, markdown: string): PageStructure {
  const prose = markdown
    .replace(FENCED, '')
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(OTHER_LANGUAGE, '');
  return {
    blocks: extractBlocks(page, markdown).map(({ language, text, notes }) => ({ language, text, notes })),
    sections: prose
      .split(/^(?=#{1,6} )/m)
      .filter((text) => text.startsWith('#'))
      .map(readSection),
  };
}

function readSection(text: string): Section {
  const [heading = '', ...lines] = text.split('\n');
  const [, marks = '', title = ''] = /^(#+) (.*)$/.exec(heading) ?? [];
  return {
    level: marks.length,
    title,
    outline: lines.flatMap(outlineOf),
    code: [...new Set([...text.matchAll(CODE)].map(([, span = '']) => span))].toSorted(),
    links: [...text.matchAll(LINK)].map(([, target = '']) => target),
  };
}

function outlineOf(line: string): readonly string[] {
  const [, item] = /^ *(\d+\.|[-*]) /.exec(line) ?? [];
  if (item !== undefined) return [item];
  // A bar inside code is written with a backslash.
  return line.startsWith('|') ? [`| ${line.replaceAll('\\|', '').split('|').length - 2}`] : [];
}

/** The anchor that GitHub gives to a heading. */
export const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replaceAll(' ', '-');

/** A page and the place in it, of a link that stands on `page`; undefined for one to elsewhere. */
export function resolveLink(
  page: string,
  target: string,
): { readonly path: string; readonly anchor: string } | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor = ''] = target.split('#');
  return { path: path === '' ? page : posix.join(posix.dirname(page), path), anchor };
}
