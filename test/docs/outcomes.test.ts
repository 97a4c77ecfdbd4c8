import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { RETRY_POLICIES } from '../../shared/outcomes/outcome-row.ts';
import { renderOutcomeTable } from '../../shared/outcomes/render-outcome-table.ts';
import { writtenByHand } from './generated-page.ts';

const path = fileURLToPath(new URL('../../docs/outcomes.md', import.meta.url));

it('the page of outcomes shows the table as it is', async () => {
  await expect(`${writtenByHand(path)}\n${renderOutcomeTable()}`).toMatchFileSnapshot(path);
});

it('the page of outcomes explains every way of asking again', () => {
  const explained = [...writtenByHand(path).matchAll(/^\| `(\w+)` \|/gm)].map(([, policy]) => policy);
  expect(explained.sort()).toEqual([...new Set(Object.values(RETRY_POLICIES))].sort());
});
