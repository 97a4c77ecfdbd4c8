import { describe, expect, test } from 'vitest';
import { compileChanged, type SourceChange } from '../../support/compile-changed.ts';

const inSchema = {
  'shared/contract/submission.ts': [
    "  priority: priority.default('interactive'),",
    "  priority: priority.default('interactive'),\n  nickname: z.string().optional(),",
  ],
} satisfies SourceChange;

const inTable = (facts: string) =>
  ({
    ...inSchema,
    'shared/contract/submission-fields.ts': [
      '  callbackUrl: {',
      `  nickname: { ${facts} },\n  callbackUrl: {`,
    ],
  }) satisfies SourceChange;

/** What the compiler does not name follows from the table by itself: digests, exposed subjects, a batch's columns. */
describe('the compiler names every place that a new field of a submission concerns', () => {
  test('a field that stands in the schema alone has no row in the table of fields', async () => {
    expect(await compileChanged(inSchema)).toEqual(['shared/contract/submission-fields.ts']);
  });

  test('a field that is shown has a place in the record, the view, the validation and the command line', async () => {
    const facts =
      "personal: false, shown: true, freeText: true, validated: true, inDigest: 'when_given', inRowDigest: 'when_given'";
    expect(await compileChanged(inTable(facts))).toEqual([
      'cli/submit-command.ts',
      'shared/store/verifications/present.ts',
      'shared/store/verifications/verification-record.ts',
      'shared/validation/submission.ts',
    ]);
  });

  test('a field that says who the person is has a place in what is sealed', async () => {
    const facts =
      "personal: true, shown: false, freeText: false, validated: true, inDigest: 'when_given', inRowDigest: 'when_given'";
    expect(await compileChanged(inTable(facts))).toEqual([
      'shared/sealing/subject.ts',
      'shared/validation/submission.ts',
    ]);
  });
});
