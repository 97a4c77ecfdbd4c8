import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { renderErrors } from '../../build/docs/render-errors.ts';
import { problemTable } from '../../shared/contract/problem.ts';
import { writtenByHand } from './generated-page.ts';

const path = fileURLToPath(new URL('../../docs/errors.md', import.meta.url));

it('the page of errors shows every problem as the code has it', async () => {
  await expect(`${writtenByHand(path)}\n${renderErrors()}`).toMatchFileSnapshot(path);
});

it('the page of errors has an anchor for every code', () => {
  const anchors = [...readFileSync(path, 'utf8').matchAll(/^### (\w+)$/gm)].map(([, code]) => code);
  expect(anchors.toSorted()).toEqual(Object.keys(problemTable).toSorted());
});
