import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  finalStatuses,
  isFinal,
  verificationStatuses,
} from '../../../shared/contract/verification-status.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis?.disconnect();
  await server?.stop();
});

const fragment = new URL('../../../shared/store/scripts/fragments/is-final.lua', import.meta.url);

describe('a final status', () => {
  test('is one that a verification stays in', () => {
    expect(finalStatuses).toEqual(['completed', 'failed', 'cancelled']);
    expect(verificationStatuses.filter((status) => isFinal({ status }))).toEqual(finalStatuses);
  });

  test('is the same to the scripts in Redis', async () => {
    const lua = `${readFileSync(fragment, 'utf8')}\nreturn isFinal(ARGV[1]) and 'final' or 'open'`;
    const said = await Promise.all(verificationStatuses.map((status) => redis.eval(lua, 0, status)));
    expect(said).toEqual(verificationStatuses.map((status) => (isFinal({ status }) ? 'final' : 'open')));
  });
});
