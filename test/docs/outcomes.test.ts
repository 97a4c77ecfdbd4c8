import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { RETRY_POLICIES } from '../../shared/outcomes/outcome-row.ts';
import { renderOutcomeTable } from '../../shared/outcomes/render-outcome-table.ts';

const path = fileURLToPath(new URL('../../docs/outcomes.md', import.meta.url));

/** What is written by hand: everything up to and including the comment that says how the rest is made. */
function introduction(): string {
  const page = readFileSync(path, 'utf8');
  const end = page.indexOf('-->\n', page.indexOf('<!-- Generated from'));
  expect(end).toBeGreaterThan(0);
  return page.slice(0, end + '-->\n'.length);
}

it('the page of outcomes shows the table as it is', async () => {
  await expect(`${introduction()}\n${renderOutcomeTable()}`).toMatchFileSnapshot(path);
});

it('the page of outcomes explains every way of asking again', () => {
  const explained = [...introduction().matchAll(/^\| `(\w+)` \|/gm)].map(([, policy]) => policy);
  expect(explained.sort()).toEqual([...new Set(Object.values(RETRY_POLICIES))].sort());
});
