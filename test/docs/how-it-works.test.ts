import { expect, it } from 'vitest';
import { laneOverview } from '../../shared/contract/lane.ts';
import { deliveryStatus } from '../../shared/contract/verification.ts';
import { verificationStatuses } from '../../shared/contract/verification-status.ts';
import { codeBlocks, readDocument, section, tableRows } from '../deployment/documents.ts';

const page = readDocument('docs/how-it-works.md');
const firstColumn = (heading: string) =>
  tableRows(section(page, heading)).map(([cell = '']) => cell.replaceAll('`', ''));

it('the diagram of docs/how-it-works.md has every status of a verification, and no other', () => {
  const [diagram = ''] = codeBlocks(page, 'mermaid');
  const named = [...diagram.matchAll(/^ +(\S+) --> (\S+?)(?::|$)/gm)].flatMap(([, from, to]) => [from, to]);
  const states = [...new Set(named)].filter((name) => name !== '[*]');
  expect(states.toSorted()).toEqual([...verificationStatuses].toSorted());
});

it('the tables of docs/how-it-works.md explain every status', () => {
  expect(firstColumn('## The states of a verification').toSorted()).toEqual(
    [...verificationStatuses].toSorted(),
  );
  expect(firstColumn('## The states of the account').toSorted()).toEqual(
    laneOverview.shape.status.options.toSorted(),
  );
  const deliveries = section(page, '## The states of a delivery');
  expect(deliveryStatus.options.filter((status) => !deliveries.includes(`\`${status}\``))).toEqual([]);
});

it('the glossary of docs/how-it-works.md has twelve words', () => {
  expect(firstColumn('## Twelve words')).toHaveLength(12);
});
