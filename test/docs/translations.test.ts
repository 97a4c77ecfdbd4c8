import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PAGES } from '../../build/docs/pages.ts';
import { root } from '../deployment/built-program.ts';
import { anchorOf, type PageStructure, readStructure, resolveLink } from './page-structure.ts';
import { originalOf, translatedPages } from './pages.ts';

const read = (page: string): PageStructure => readStructure(page, readFileSync(join(root, page), 'utf8'));
const translationOf = new Map(translatedPages.map((page) => [originalOf(page), page]));

/** Where a link of the original leads to, or should lead to in a translation. */
function destination(page: string, target: string, toTranslation: boolean): string {
  const place = resolveLink(page, target);
  if (place === undefined) return target;
  const translated = translationOf.get(place.path);
  if (!toTranslation || translated === undefined) return `${place.path}#${place.anchor}`;
  return `${translated}#${translateAnchor(place.path, translated, place.anchor)}`;
}

function translateAnchor(original: string, translated: string, anchor: string): string {
  if (anchor === '') return '';
  const at = read(original).sections.findIndex(({ title }) => anchorOf(title) === anchor);
  return anchorOf(read(translated).sections[at]?.title ?? '');
}

describe.each(translatedPages)('%s', (page) => {
  const original = originalOf(page);
  const [english, chinese] = [read(original), read(page)];

  it('has the blocks of the original, byte for byte', () => {
    expect(chinese.blocks).toEqual(english.blocks);
  });

  it('has its headings, lists and tables', () => {
    const outline = ({ sections }: PageStructure) =>
      sections.map(({ level, outline }) => ({ level, outline }));
    expect(outline(chinese)).toEqual(outline(english));
  });

  it('names the same settings, fields and commands in each section', () => {
    const code = ({ sections }: PageStructure) => sections.map((section) => section.code);
    expect(code(chinese)).toEqual(code(english));
  });

  it('links to the same places, in Chinese where they are', () => {
    const wanted = english.sections.map(({ links }) =>
      links.map((target) => destination(original, target, true)).toSorted(),
    );
    const found = chinese.sections.map(({ links }) =>
      links.map((target) => destination(page, target, false)).toSorted(),
    );
    expect(found).toEqual(wanted);
  });

  it('and its original link to each other', () => {
    const text = (path: string) => readFileSync(join(root, path), 'utf8');
    expect(text(page)).toContain(`[English](${original.split('/').at(-1)})`);
    expect(text(original)).toContain(`[中文](${page.split('/').at(-1)})`);
  });
});

/** Figures and changes: read once, before a decision or an update. All else is needed at work or at night. */
const ENGLISH_ALONE = ['docs/benchmarks.md', 'CHANGELOG.md'];

it('a page that a user or an operator on call needs exists in Chinese', () => {
  const needed = PAGES.filter(({ audience }) => audience !== 'contribute').map(({ path }) => path);
  const missing = [...needed, 'docs/README.md'].filter((path) => !translationOf.has(path));
  expect(missing.toSorted()).toEqual(ENGLISH_ALONE.toSorted());
});

it('a page in Chinese has an original', () => {
  expect(translatedPages.filter((page) => !existsSync(join(root, originalOf(page))))).toEqual([]);
});
