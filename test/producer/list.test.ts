import { typeidUnboxed } from 'typeid-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { verificationPage } from '../../shared/contract/verification.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { SEARCHED_PER_REQUEST } from '../../shared/store/verifications/search.ts';
import { acceptRecord, makeFinishing, makeOutcome, storeOf } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function readPage(query: Readonly<Record<string, string>>, as: ClientCredentials) {
  const answer = await producer.call(`/v1/verifications?${new URLSearchParams(query)}`, { as });
  expect(answer.status).toBe(200);
  return verificationPage.parse(await answer.json());
}

/** All pages of a list. */
async function readPages(query: Readonly<Record<string, string>>, as: ClientCredentials) {
  const pages: Verification[][] = [];
  let cursor: string | null = null;
  do {
    const page = await readPage(cursor === null ? query : { ...query, cursor }, as);
    pages.push(page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return pages;
}

const idsOf = async (query: Readonly<Record<string, string>>, as: ClientCredentials) =>
  (await readPages(query, as)).flat().map(({ id }) => id);

const submit = async (as: ClientCredentials, reference: string) =>
  (await producer.submitted(makeSubmission({ reference }), { authorization: `Bearer ${as.apiKey}` })).id;

/** As if it had been submitted at a time, and been answered. */
async function store(as: ClientCredentials, { at, code, reference, id }: Stored = {}): Promise<string> {
  const { keys, settings } = producer;
  const { clientId } = as;
  const submittedAt = at === undefined ? Date.now() : Date.parse(at);
  const accepted = { clientId, submittedAt, reference, id: id ?? typeidUnboxed('ver') };
  await acceptRecord(producer.redis, keys, settings.VERIQUEUE_KEYS, accepted);
  if (code === undefined) return accepted.id;
  const finishing = { clientId, outcome: makeOutcome({ code }) };
  await finishVerification(storeOf(producer.redis, keys), makeFinishing(accepted.id, finishing));
  return accepted.id;
}

interface Stored {
  readonly at?: string;
  readonly code?: string;
  readonly reference?: string;
  readonly id?: string;
}

describe('a list by reference', () => {
  test('holds what was submitted under exactly this reference, newest first', async () => {
    const as = await producer.addClient();
    const references = ['order-1', 'order-1', 'order-10', 'order', 'ORDER-1', '订单 1'];
    const ids: string[] = [];
    for (const reference of references) ids.push(await submit(as, reference));
    expect(await idsOf({ reference: 'order-1' }, as)).toEqual([ids[1], ids[0]]);
    expect(await idsOf({ reference: '订单 1' }, as)).toEqual([ids[5]]);
    expect(await idsOf({ reference: 'order-2' }, as)).toEqual([]);
  });

  test('holds none of another client’s', async () => {
    const [as, other] = [await producer.addClient(), await producer.addClient()];
    const own = await submit(as, 'shared');
    await submit(other, 'shared');
    expect(await idsOf({ reference: 'shared' }, as)).toEqual([own]);
  });

  test('loses a verification when it is cancelled and erased', async () => {
    const as = await producer.addClient();
    const id = await submit(as, 'erased');
    await producer.call(`/v1/verifications/${id}?erase=true`, { as, method: 'DELETE' });
    expect(await idsOf({ reference: 'erased' }, as)).toEqual([]);
  });

  test('pages through many under one reference, each once', async () => {
    const as = await producer.addClient();
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push(await submit(as, 'many'));
    const pages = await readPages({ reference: 'many', limit: '3' }, as);
    expect(pages.map((page) => page.map(({ id }) => id))).toEqual([
      [ids[6], ids[5], ids[4]],
      [ids[3], ids[2], ids[1]],
      [ids[0]],
    ]);
  });

  test('is complete when other references look like this one and an id, however many lie in between', async () => {
    const [as, other] = [await producer.addClient(), await producer.addClient()];
    const first = await submit(as, 'odd');
    const between = Array.from({ length: SEARCHED_PER_REQUEST + 300 }, (_, i) => [
      `odd ${first}${String(i).padStart(4, '0')} ${typeidUnboxed('ver')}`,
      `odd ${typeidUnboxed('ver')} ${typeidUnboxed('ver')}`,
    ]);
    const members = between.flat().flatMap((member) => [0, member]);
    await producer.redis.zadd(producer.keys.referenceIndex(), ...members);
    const second = await submit(as, 'odd');
    await store(other, { reference: `odd ${second}` });
    expect(await idsOf({ reference: 'odd', limit: '1' }, as)).toEqual([second, first]);
  });
});

describe('a list by code', () => {
  test('holds what has an outcome with it', async () => {
    const as = await producer.addClient();
    const poor = await store(as, { code: 'FailedOperation.IdPhotoPoorQuality' });
    await store(as, { code: 'Success' });
    await store(as);
    expect(await idsOf({ code: 'FailedOperation.IdPhotoPoorQuality' }, as)).toEqual([poor]);
    expect(await idsOf({ code: 'FailedOperation' }, as)).toEqual([]);
  });

  test('looks at a bounded number per request, and finds what lies far behind in a later one', async () => {
    const as = await producer.addClient();
    const rare = await store(as, { at: '2026-01-01T00:00:00Z', code: 'Rare' });
    const others = Array.from({ length: SEARCHED_PER_REQUEST + 50 }, () =>
      store(as, { at: '2026-01-02T00:00:00Z' }),
    );
    await Promise.all(others);
    const first = await readPage({ code: 'Rare' }, as);
    expect(first.data).toEqual([]);
    expect(first.nextCursor).not.toBeNull();
    expect(await idsOf({ code: 'Rare' }, as)).toEqual([rare]);
  });

  test('pages with any limit, each once', async () => {
    const as = await producer.addClient();
    const ids: string[] = [];
    for (let i = 0; i < 9; i += 1) {
      const id = await store(as, { at: `2026-01-01T00:00:0${i}Z`, code: i % 3 === 0 ? 'Other' : 'Wanted' });
      if (i % 3 !== 0) ids.unshift(id);
    }
    for (const limit of ['1', '2', '5', '6', '7']) {
      expect(await idsOf({ code: 'Wanted', limit }, as)).toEqual(ids);
    }
  });
});

describe('a list by time', () => {
  let as: ClientCredentials;
  let ids: string[];

  beforeAll(async () => {
    as = await producer.addClient();
    ids = [];
    for (const second of ['00.000', '01.000', '01.500', '02.000']) {
      ids.push(await store(as, { at: `2026-03-01T00:00:${second}Z` }));
    }
  });

  test.each([
    ['from a time on, that included', { submittedFrom: '2026-03-01T00:00:01Z' }, [3, 2, 1]],
    ['before a time, that excluded', { submittedBefore: '2026-03-01T00:00:01Z' }, [0]],
    ['to the millisecond', { submittedFrom: '2026-03-01T00:00:01.001Z' }, [3, 2]],
    [
      'in a window, by another zone’s clock',
      { submittedFrom: '2026-03-01T08:00:01+08:00', submittedBefore: '2026-03-01T08:00:02+08:00' },
      [2, 1],
    ],
    ['in an empty window', { submittedFrom: '2026-03-02T00:00:00Z' }, []],
    [
      'in a window that ends before it begins',
      { submittedFrom: '2026-03-01T00:00:02Z', submittedBefore: '2026-03-01T00:00:00Z' },
      [],
    ],
  ])('holds what was submitted %s', async (_name, query, expected) => {
    for (const limit of ['1', '2', '100']) {
      expect(await idsOf({ ...query, limit }, as)).toEqual(expected.map((i) => ids[i]));
    }
  });
});

test('filters of a list are combined', async () => {
  const as = await producer.addClient();
  const wanted = { at: '2026-04-01T00:00:00Z', code: 'Success', reference: 'all' };
  const id = await store(as, wanted);
  await store(as, { ...wanted, reference: 'other' });
  await store(as, { ...wanted, code: 'Other' });
  await store(as, { ...wanted, at: '2026-03-31T23:59:59Z' });
  await store(as, { at: wanted.at, reference: wanted.reference });
  const query = {
    ...{ reference: 'all', status: 'completed', code: 'Success' },
    ...{ submittedFrom: '2026-04-01T00:00:00Z', submittedBefore: '2026-04-01T00:00:01Z' },
  };
  expect(await idsOf(query, as)).toEqual([id]);
  expect(await idsOf({ ...query, status: 'queued' }, as)).toEqual([]);
});

test.each([
  ['submittedFrom=yesterday', '/submittedFrom'],
  ['submittedFrom=2026-03-01', '/submittedFrom'],
  ['submittedBefore=2026-13-01T00:00:00Z', '/submittedBefore'],
  ['reference=', '/reference'],
  [`reference=${'a'.repeat(129)}`, '/reference'],
  ['reference=a&reference=b', '/reference'],
  ['code=', '/code'],
  [`code=${'a'.repeat(101)}`, '/code'],
])('a list with the query %s is refused by its parameter', async (query, pointer) => {
  const answer = await producer.call(`/v1/verifications?${query}`);
  const problem = await readProblem(answer);
  expect([answer.status, problem.code, problem.errors?.[0]?.pointer]).toEqual([
    422,
    'invalid_query',
    pointer,
  ]);
});
