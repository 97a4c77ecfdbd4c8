import { expect, it } from 'vitest';
import { problemTable } from '../../shared/contract/problem.ts';
import { readDocument, section, tableRows } from '../deployment/documents.ts';

/** What only the console answers with; its own page sees them. */
const CONSOLE = ['foreign_origin', 'invalid_request', 'operator_key_required'];

const words = (text: string) => text.split(/[`, ]+/).filter((word) => word !== '');

it('docs/submitting.md names every problem with its status, and no other', () => {
  const rows = tableRows(section(readDocument('docs/submitting.md'), '## Refused'));
  const told = rows.flatMap(([statuses = '', codes = '']) =>
    words(codes).map((code) => ({ code, statuses: words(statuses).map(Number) })),
  );
  const codes = Object.keys(problemTable)
    .filter((code) => !CONSOLE.includes(code))
    .toSorted();
  expect(told.map(({ code }) => code).toSorted()).toEqual(codes);
  const wrong = told.filter(({ code, statuses }) => {
    const row = Object.entries(problemTable).find(([name]) => name === code);
    return row === undefined || !statuses.includes(row[1].status);
  });
  expect(wrong).toEqual([]);
});
