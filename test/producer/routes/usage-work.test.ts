import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UsageReport } from '../../../shared/contract/usage.ts';
import { ledgerDay } from '../../../shared/store/usage/ledger.ts';
import { noteCall } from '../../../shared/store/verifications/note-call.ts';
import { listDays } from '../../../shared/store/verifications/usage-period.ts';
import { storeOf } from '../../support/records.ts';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { measureRedisWork } from '../../support/redis-work.ts';
import { type ProducerUnderTest, startProducerUnderTest } from '../producer-under-test.ts';
import { makeSubmission } from '../submission-builder.ts';

const NOW = Date.UTC(2026, 2, 20, 4);
const OTHERS = 4_000;

let server: TestRedis;
let producer: ProducerUnderTest;
beforeAll(async () => {
  server = await startTestRedis();
  producer = await startProducerUnderTest(server.url, { now: () => NOW });
});
afterAll(async () => {
  await producer.close();
  await server.stop();
});

/** A day as every version has written it: one hash for all clients. */
async function fillDay(day: string, own: Readonly<Record<string, string>>): Promise<void> {
  const others = Object.fromEntries(
    Array.from({ length: OTHERS }, (_, i) => [`cli_other${i}|Success|billed`, String(i + 1)]),
  );
  const mine = Object.entries(own).map(([field, count]) => [`${producer.client.clientId}|${field}`, count]);
  await producer.redis.hset(producer.keys.ledger(day), { ...others, ...Object.fromEntries(mine) });
}

const read = async (query: string) => {
  const answer = await producer.call(`/v1/usage${query}`);
  return { status: answer.status, body: (await answer.json()) as UsageReport };
};

describe('the work of a usage report', () => {
  it('does not grow with what other clients used, and finds what an earlier version counted', async () => {
    const days = ['2026-02-27', '2026-03-01', ledgerDay(NOW)];
    for (const day of days) await fillDay(day, { 'Success|billed': '7', 'FailedOperation|unknown': '1' });
    const expected = days.flatMap((day) => [
      {
        day,
        clientId: producer.client.clientId,
        code: 'FailedOperation',
        billed: 0,
        unbilled: 0,
        unknown: 1,
      },
      { day, clientId: producer.client.clientId, code: 'Success', billed: 7, unbilled: 0, unknown: 0 },
    ]);
    expect((await read('')).body.data).toEqual(expected);

    const { result, calls, replied } = await measureRedisWork(producer.redis, () => read(''));
    expect(result.body.data).toEqual(expected);
    expect(calls).toBeLessThan(12);
    expect(replied).toBeLessThan(20_000);
  });

  it('counts a call at once, and catches up with one that an earlier version counts beside it', async () => {
    const { redis, keys, client } = producer;
    const day = ledgerDay(NOW);
    const of = async (code: string) =>
      (await read(`?from=${day}`)).body.data.find((row) => row.code === code)?.unbilled;
    const { id } = await producer.submitted(makeSubmission());
    const code = 'RequestLimitExceeded';
    const refused = (call: string) => ({
      id: call,
      isListed: false,
      attempt: { at: new Date(NOW).toISOString(), durationMs: 5, code, requestId: null },
      ledger: { day, clientId: client.clientId, code, billed: 'unbilled' as const },
    });
    await noteCall({ ...storeOf(redis, keys), workerId: 'w' }, id, refused('call-1'));
    expect(await of('RequestLimitExceeded')).toBe(1);
    await redis.hincrby(keys.ledger(day), `${client.clientId}|RequestLimitExceeded|unbilled`, 5);
    await noteCall({ ...storeOf(redis, keys), workerId: 'w' }, id, refused('call-2'));
    expect(await of('RequestLimitExceeded')).toBe(7);
  });

  it('is none for a period that is refused', async () => {
    for (const query of [
      '?from=0001-01-01&to=9999-12-31',
      '?from=9999-12-31&to=0001-01-01',
      '?from=2025-01-01&to=2026-02-05',
      '?from=2026-13-01',
      '?from=2026-01-01&from=2026-01-02',
      '?from=+275760-09-13',
      `?from=${'9'.repeat(900)}`,
    ]) {
      const { result, commands } = await measureRedisWork(producer.redis, () => read(query));
      expect({ query, status: result.status, commands }).toEqual({
        query,
        status: 422,
        commands: expect.anything(),
      });
      // The key of the request is looked up once in two seconds.
      expect(Object.keys(commands).filter((name) => !['hget', 'hgetall'].includes(name))).toEqual([]);
    }
    expect(() => listDays({ from: '0001-01-01', to: '9999-12-31' })).toThrow(RangeError);
  });
});
