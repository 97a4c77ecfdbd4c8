import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
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
  const explained = [...writtenByHand(pathOf(page)).matchAll(/^\| `(\w+)` \|/gm)].map(([, policy]) => policy);
  expect(explained.sort()).toEqual([...new Set(Object.values(RETRY_POLICIES))].sort());
});
