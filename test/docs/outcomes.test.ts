import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { outcome } from '../../shared/contract/verification.ts';
import { RETRY_POLICIES } from '../../shared/outcomes/outcome-row.ts';
import { renderOutcomeTable } from '../../shared/outcomes/render-outcome-table.ts';
import { writtenByHand } from './generated-page.ts';

const pages = [
  { page: 'outcomes.md', language: 'en' },
  { page: 'outcomes.zh.md', language: 'zh' },
] as const;
const pathOf = (page: string) => fileURLToPath(new URL(`../../docs/${page}`, import.meta.url));

it.each(pages)('$page shows the table as it is', async ({ page, language }) => {
  const path = pathOf(page);
  await expect(`${writtenByHand(path)}\n${renderOutcomeTable(language)}`).toMatchFileSnapshot(path);
});

it.each(pages)('$page explains every way of asking again', ({ page }) => {
  const [, table = ''] = /^\| retry \|.*\n((?:\|.*\n)+)/m.exec(writtenByHand(pathOf(page))) ?? [];
  const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, policy]) => policy);
  expect(explained.sort()).toEqual([...new Set(Object.values(RETRY_POLICIES))].sort());
});

it.each(pages)('$page explains every field of an outcome', ({ page }) => {
  const [, table = ''] = /^\| (?:field|字段) \|.*\n((?:\|.*\n)+)/m.exec(writtenByHand(pathOf(page))) ?? [];
  const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, field]) => field);
  expect(explained).toEqual(Object.keys(outcome.shape));
});
