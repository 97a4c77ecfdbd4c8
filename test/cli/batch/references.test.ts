import { describe, expect, it } from 'vitest';
import type { RowReading } from '../../../cli/batch/batch-row.ts';
import { anyReferences, createReferences } from '../../../cli/batch/references.ts';
import { makePerson } from '../../support/person.ts';

const duplicate = (line: number) => ({
  field: 'reference',
  code: 'duplicate_reference',
  detail: `must be another than in line ${line}`,
});

const person = makePerson();
const makeReadings = (references: readonly (string | undefined)[]): RowReading[] =>
  references.map((reference, i) => ({
    line: i + 2,
    status: 'read',
    row: { ...person, photo: 'a.jpg', priority: 'bulk', reference },
  }));

describe('references', () => {
  it('names the line of the first row with the same one, and lets rows without one pass', () => {
    const references = createReferences();
    const readings = makeReadings(['a', undefined, 'b', 'a', undefined, 'a ', 'a']);
    for (const reading of readings) references.note(reading);
    const found = readings.map((reading) => references.findDuplicate(reading));
    expect(found).toEqual([null, null, null, duplicate(2), null, null, duplicate(2)]);
    expect(readings.map((reading) => references.findDuplicate(reading))).toEqual(found);
    expect(readings.map((reading) => anyReferences.findDuplicate(reading))).not.toContainEqual(duplicate(2));
  });

  it('finds the one pair among a hundred thousand', () => {
    const references = createReferences();
    const readings = makeReadings([...Array.from({ length: 100_000 }, (_, i) => `order-${i}`), 'order-500']);
    for (const reading of readings) references.note(reading);
    const found = readings.map((reading) => references.findDuplicate(reading));
    expect(found.filter((fault) => fault !== null)).toEqual([duplicate(502)]);
    expect(found.at(-1)).toEqual(duplicate(502));
  });
});
