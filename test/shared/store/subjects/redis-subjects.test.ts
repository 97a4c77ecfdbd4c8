import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRedis } from '../../../../shared/store/open-redis.ts';
import { closeRedis } from '../../../../shared/store/redis/close-redis.ts';
import { redisSubjects } from '../../../../shared/store/subjects/redis-subjects.ts';
import { readSubject } from '../../../../shared/store/subjects/subject-store.ts';
import { startTestRedis, type TestRedis } from '../../../support/redis.ts';
import { holdSubjectStore } from './subject-store-suite.ts';

describe('the store of subjects in Redis', () => {
  let server: TestRedis;
  let redis: Redis;

  beforeAll(async () => {
    server = await startTestRedis();
    redis = openRedis({ url: server.url, log: { info: () => undefined, warn: () => undefined } }, 'batched');
  });
  afterAll(async () => {
    await closeRedis(redis);
    await server.stop();
  });

  holdSubjectStore(() => ({ store: redisSubjects, redis }));

  it('reads a subject without its photo as incomplete, and one without its key as gone', async () => {
    const [key, fields, photo] = [Buffer.from('key'), Buffer.from('fields'), Buffer.from('photo')];
    expect(await readSubject(redisSubjects, { key, photo })).toEqual({ status: 'incomplete' });
    expect(await readSubject(redisSubjects, { key, fields })).toEqual({ status: 'incomplete' });
    expect(await readSubject(redisSubjects, { fields, photo })).toEqual({ status: 'gone' });
  });
});
