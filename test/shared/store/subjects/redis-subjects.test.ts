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

  it('reads no subject whose fields or photo are gone', async () => {
    const [key, fields, photo] = [Buffer.from('key'), Buffer.from('fields'), Buffer.from('photo')];
    expect(await readSubject(redisSubjects, 'ver_x', { key, photo })).toBeNull();
    expect(await readSubject(redisSubjects, 'ver_x', { key, fields })).toBeNull();
    expect(await readSubject(redisSubjects, 'ver_x', { fields, photo })).toBeNull();
  });
});
