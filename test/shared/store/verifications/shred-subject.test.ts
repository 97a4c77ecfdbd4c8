import { expect, it } from 'vitest';
import { shredSubject } from '../../../../shared/store/verifications/shred-subject.ts';
import { useTestLane } from '../../../support/lane.ts';
import { acceptRecord, storeOf } from '../../../support/records.ts';

const lane = useTestLane();

it('a subject whose record cannot be read is shredded, and counted off once', async () => {
  const keys = lane.freshKeys();
  const id = await acceptRecord(lane.redis, keys, lane.keyRing);
  await shredSubject(storeOf(lane.redis, keys), id);
  await shredSubject(storeOf(lane.redis, keys), id);
  expect(await lane.redis.exists(keys.subject(id))).toBe(0);
  expect(await lane.redis.hget(keys.photosStored(), 'now')).toBe('0');
  expect(await lane.redis.zcard(keys.unfinishedIndex())).toBe(0);
});
