import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderErrors, renderErrorsZh } from '../../build/docs/render-errors.ts';
import { problemTable } from '../../shared/contract/problem.ts';
import { writtenByHand } from './generated-page.ts';

const pages = [
  { page: 'errors.md', render: renderErrors },
  { page: 'errors.zh.md', render: renderErrorsZh },
] as const;
const pathOf = (page: string) => fileURLToPath(new URL(`../../docs/${page}`, import.meta.url));

it.each(pages)('$page shows every problem as the code has it', async ({ page, render }) => {
  const path = pathOf(page);
  await expect(`${writtenByHand(path)}\n${render()}`).toMatchFileSnapshot(path);
});

it.each(pages)('$page has an anchor for every code', ({ page }) => {
  const anchors = [...readFileSync(pathOf(page), 'utf8').matchAll(/^### (\w+)$/gm)].map(([, code]) => code);
  expect(anchors.toSorted()).toEqual(Object.keys(problemTable).toSorted());
});
