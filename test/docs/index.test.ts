import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderIndex, renderLlmsText } from '../../build/docs/documentation-index.ts';
import { PAGES } from '../../build/docs/pages.ts';
import { root } from '../deployment/built-program.ts';
import { pages } from './pages.ts';

/** Translations stand beside their page; this one is the index for people. */
const isIndexed = (path: string) => !/\.zh(-CN)?\.md$/.test(path) && path !== 'docs/README.md';
/** No question leads to them. */
const UNINDEXED = ['samples/README.md'];

it('docs/index.json lists the pages as they are', async () => {
  await expect(renderIndex()).toMatchFileSnapshot(join(root, 'docs/index.json'));
});

it('llms.txt lists the pages as they are', async () => {
  await expect(renderLlmsText()).toMatchFileSnapshot(join(root, 'llms.txt'));
});

it('the index of the pages has each page once', () => {
  const indexed = PAGES.map(({ path }) => path);
  const expected = pages.filter((path) => isIndexed(path) && !UNINDEXED.includes(path));
  expect(indexed.toSorted()).toEqual(expected.toSorted());
});

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .replace(/`|\*\*/g, '')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');

const readPage = (path: string) => readFileSync(join(root, path), 'utf8');
const anchorsOf = (path: string) =>
  [
    ...readPage(path)
      .replace(/^```.*?^```/gms, '')
      .matchAll(/^#+ (.+)$/gm),
  ].map(([, heading = '']) => anchorOf(heading));

it.each(pages)('%s links to headings that exist', (path) => {
  const links = [...readPage(path).matchAll(/\]\((?!https?:)([^)#\s]*\.md|)#([^)\s]+)\)/g)];
  const dead = links.filter(([, file = '', anchor = '']) => {
    const target = file === '' ? path : join(path, '..', file);
    return !anchorsOf(target).includes(anchor);
  });
  expect(dead.map(([link]) => link)).toEqual([]);
});
