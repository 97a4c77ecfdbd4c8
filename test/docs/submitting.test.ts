import { expect, it } from 'vitest';
import { problemTable } from '../../shared/contract/problem.ts';
import { checkPersonName } from '../../shared/validation/person-name.ts';
import { VALIDATION_FAILURES } from '../../shared/validation/validation-failure.ts';
import { readDocument, section, tableRows } from '../deployment/documents.ts';
import { CONSOLE_PROBLEMS } from './console-problems.ts';

const words = (text: string) => text.split(/[`, ]+/).filter((word) => word !== '');

it('docs/submitting.md names every problem with its status, and no other', () => {
  const rows = tableRows(section(readDocument('docs/submitting.md'), '## Refused'));
  const listed = rows.flatMap(([statuses = '', codes = '']) =>
    words(codes).map((code) => ({ code, statuses: words(statuses).map(Number) })),
  );
  const codes = Object.keys(problemTable)
    .filter((code) => !CONSOLE_PROBLEMS.includes(code))
    .toSorted();
  expect(listed.map(({ code }) => code).toSorted()).toEqual(codes);
  const wrong = listed.filter(({ code, statuses }) => {
    const row = Object.entries(problemTable).find(([name]) => name === code);
    return row === undefined || !statuses.includes(row[1].status);
  });
  expect(wrong).toEqual([]);
});

/** The code spans of a table's cell, in which `\\u00A0` is the character. */
const examples = (cell: string) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) =>
    text
      .replaceAll(/(?<!\\)\\u([0-9A-F]{4})/g, (_, code: string) =>
        String.fromCharCode(Number.parseInt(code, 16)),
      )
      .replaceAll('\\\\', '\\'),
  );

const namesRows = () =>
  section(readDocument('docs/submitting.md'), '## Names')
    .split(/\n(?=\| code)/)
    .flatMap(tableRows);

it('docs/submitting.md lists the spellings of the dot that are mapped, and where', () => {
  const mapped = (around: (dot: string) => string) => {
    const dots: string[] = [];
    for (let code = 1; code <= 0x1ffff; code += 1) {
      const dot = String.fromCodePoint(code);
      const check = code === 0xb7 ? null : checkPersonName(around(dot));
      if (check?.ok && check.value === around('\u00B7'))
        dots.push(`U+${code.toString(16).toUpperCase().padStart(4, '0')}`);
    }
    return dots;
  };
  const rows = namesRows().filter(([dots = '']) => dots.startsWith('`U+'));
  const [everywhere = [], between = [], circle = []] = rows.map(([dots = '']) => examples(dots));
  const inLatin = mapped((dot) => `Test${dot}Person`);
  const single = mapped((dot) => `测${dot}试`).filter((dot) => !inLatin.includes(dot));
  const double = mapped((dot) => `测试${dot}样本`).filter((dot) => ![...inLatin, ...single].includes(dot));
  expect({ everywhere, between, circle }).toEqual({ everywhere: inLatin, between: single, circle: double });
});

it('docs/submitting.md has every code of a refused name, with names that it refuses', () => {
  const rows = namesRows().filter(([code = '']) => code.startsWith('`name_'));
  const codes = rows.flatMap(([code = '']) => examples(code));
  expect(codes.toSorted()).toEqual(
    Object.keys(VALIDATION_FAILURES)
      .filter((code) => code.startsWith('name_'))
      .toSorted(),
  );
  for (const [code = '', cell = ''] of rows) {
    for (const name of examples(cell)) {
      const check = checkPersonName(name);
      expect({ name, codes: check.ok ? [] : check.codes }).toEqual({
        name,
        codes: expect.arrayContaining(examples(code)),
      });
    }
  }
});
