import { expect, it } from 'vitest';
import { rewrapSubjects } from '../../../../shared/store/verifications/rewrap-subjects.ts';
import { makeKeyRing, useTestLane } from '../../../support/lane.ts';
import { acceptRecord } from '../../../support/records.ts';

const lane = useTestLane();

it('a subject that is gone is neither wrapped again nor taken for one that does not open', async () => {
  const keys = lane.freshKeys();
  await acceptRecord(lane.redis, keys, lane.keyRing);
  await lane.redis.del(keys.subject(await acceptRecord(lane.redis, keys, lane.keyRing)));
  const reported: string[] = [];
  const rewrap = (keyRing = lane.keyRing) =>
    rewrapSubjects(
      { redis: lane.redis, keys, keyRing, epochs: null },
      {
        signal: new AbortController().signal,
        onProgress: () => undefined,
        report: (name) => reported.push(name),
      },
    );
  expect(await rewrap()).toEqual({ seen: 2, rewrapped: 0, current: 1, unreadable: 0 });
  expect(reported).toEqual([]);
  expect(await rewrap(makeKeyRing())).toMatchObject({ seen: 2, unreadable: 1 });
  expect(reported).toHaveLength(1);
});
