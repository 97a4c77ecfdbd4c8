import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeWalks, walkSortedSet } from '../../../../shared/store/endpoints/walk-sorted-set.ts';
import { useTestLane } from '../../../support/lane.ts';

const lane = useTestLane();

const entries = fc.uniqueArray(
  fc.record({
    member: fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1'), minLength: 1, maxLength: 6 }),
    score: fc.nat(5),
  }),
  {
    selector: ({ member }) => member,
    minLength: 1,
    maxLength: 40,
  },
);

describe('walkSortedSet', () => {
  it('gives out every entry of the range once and in order, even when each is taken out at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        entries,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        async (all, pageSize, takeOut) => {
          const key = lane.freshKeys().deadLetters();
          await lane.redis.zadd(key, ...all.flatMap(({ member, score }) => [score, member]));
          const walked: string[] = [];
          for await (const { member } of walkSortedSet(lane.redis, { key, min: 1, max: 4, pageSize })) {
            walked.push(member);
            if (takeOut) await lane.redis.zrem(key, member);
          }
          const expected = all
            .filter(({ score }) => score >= 1 && score <= 4)
            .sort((a, b) => a.score - b.score || (a.member < b.member ? -1 : 1));
          expect(walked).toEqual(expected.map(({ member }) => member));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('mergeWalks', () => {
  it('gives out the entries of several sets as if they were one', async () => {
    const keys = lane.freshKeys();
    const names = ['a', 'b', 'c'].map((client) => keys.clientIndex(client));
    for (let score = 1; score <= 30; score += 1) {
      await lane.redis.zadd(names[(score * 7) % 3] ?? '', score, `ver_${score}`);
    }
    const scores: number[] = [];
    const walks = names.map((key) => walkSortedSet(lane.redis, { key, min: 4, max: 29, pageSize: 2 }));
    for await (const { score } of mergeWalks(walks)) {
      scores.push(score);
    }
    expect(scores).toEqual(Array.from({ length: 26 }, (_, i) => i + 4));
  });
});
