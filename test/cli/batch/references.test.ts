import { describe, expect, it } from 'vitest';
import { anyReferences, createReferences } from '../../../cli/batch/references.ts';

const duplicate = (line: number) => ({
  field: 'reference',
  code: 'duplicate_reference',
  detail: `must be another than in line ${line}`,
});

describe('references', () => {
  it('names the line of the first row with the same one, and lets rows without one pass', () => {
    const references = createReferences();
    const judged = ['a', undefined, 'b', 'a', undefined, 'a '].map((text, i) =>
      references.judge(i + 2, text),
    );
    expect(judged).toEqual([null, null, null, duplicate(2), null, null]);
    expect(references.judge(2, 'a')).toBeNull();
    expect(anyReferences.judge(5, 'a')).toBeNull();
  });

  it('tells a hundred thousand of them apart, and finds each again', () => {
    const references = createReferences();
    const rows = Array.from({ length: 100_000 }, (_, i) => `order-${i}`);
    expect(rows.filter((text, i) => references.judge(i + 2, text) !== null)).toEqual([]);
    const again = rows.filter(
      (text, i) => references.judge(i + 200_000, text)?.detail !== duplicate(i + 2).detail,
    );
    expect(again).toEqual([]);
  });
});
