import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type FeedEvent, type FeedPage, feedPage } from '../../shared/contract/feed.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { changeClient } from '../../shared/store/clients/change-client.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { startProducerUnderTest } from '../producer/producer-under-test.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const WAIT = { timeout: 60_000 };

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

async function submitAs(client: ClientCredentials): Promise<string> {
  const answer = await chain.call('/v1/verifications', {
    as: client,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(makeSubmission(makePerson())),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as Verification).id;
}

async function readFeed(client: ClientCredentials, query = ''): Promise<FeedPage> {
  const answer = await chain.call(`/v1/events${query}`, { as: client });
  expect(answer.status).toBe(200);
  return feedPage.parse(await answer.json());
}

const eventsOf = (page: FeedPage): FeedEvent[] =>
  page.data.filter(
    (entry): entry is FeedEvent =>
      entry.type === 'verification.completed' || entry.type === 'verification.failed',
  );
const numbersOf = (page: FeedPage) => page.data.map(({ sequence }) => sequence);

/** A client with so many events that were delivered, in the order of their numbers. */
async function clientWithEvents(count: number) {
  const client = await chain.addClient();
  const submitted: string[] = [];
  for (let i = 0; i < count; i += 1) submitted.push(await submitAs(client));
  await Promise.all(submitted.map((id) => chain.receiver.eventOf(id)));
  const page = await readFeed(client);
  return { client, page, ids: eventsOf(page).map(({ data }) => data.id) };
}

async function erase(client: ClientCredentials, id: string): Promise<void> {
  const done = async () =>
    (await chain.call(`/v1/verifications/${id}?erase=true`, { as: client, method: 'DELETE' })).status;
  await expect.poll(done, WAIT).toBe(204);
}

async function problemOf(path: string, as: ClientCredentials = chain.client) {
  const answer = await chain.call(path, { as });
  const { code } = (await answer.json()) as Problem;
  return { status: answer.status, code };
}

describe('the feed of a client', () => {
  test('has every event as its webhook had it, numbered from 1 without a gap', async () => {
    const { client, page } = await clientWithEvents(5);
    expect(numbersOf(page)).toEqual([1, 2, 3, 4, 5]);
    expect(page).toMatchObject({ nextAfter: 5, last: 5 });
    const posted = chain.receiver.deliveries.filter(({ event }) =>
      eventsOf(page).some(({ data }) => data.id === event.data.id),
    );
    expect(posted).toHaveLength(5);
    const answer = await chain.call('/v1/events', { as: client });
    const text = await answer.text();
    for (const { webhookId, body } of posted) {
      expect(text).toContain(`{"id":"${webhookId}",${body.slice(1)}`);
    }
  });

  test('is read in pages, and from where its reader has come to', async () => {
    const { client } = await clientWithEvents(5);
    const first = await readFeed(client, '?limit=2');
    expect(numbersOf(first)).toEqual([1, 2]);
    const second = await readFeed(client, `?limit=2&after=${first.nextAfter}`);
    expect(numbersOf(second)).toEqual([3, 4]);
    const third = await readFeed(client, `?limit=2&after=${second.nextAfter}`);
    expect(third).toMatchObject({ nextAfter: 5, last: 5 });
    expect(await readFeed(client, '?after=5')).toEqual({ data: [], nextAfter: 5, last: 5 });
  });

  test('leaves out events of other types, and goes on behind them', async () => {
    const { client } = await clientWithEvents(3);
    const completed = await readFeed(client, '?type=verification.completed&limit=2');
    expect(numbersOf(completed)).toEqual([1, 2]);
    expect(completed.nextAfter).toBe(2);
    const failed = await readFeed(client, '?type=verification.failed');
    expect(failed).toEqual({ data: [], nextAfter: 3, last: 3 });
  });

  test('says of which numbers the events are gone, at its beginning, within and at its end', async () => {
    const { client, ids } = await clientWithEvents(6);
    for (const nth of [0, 1, 3, 5]) await erase(client, ids[nth] ?? '');
    const page = await readFeed(client);
    expect(page.data.map((entry) => ('data' in entry ? entry.sequence : entry))).toEqual([
      { type: 'events.gone', from: 1, sequence: 2 },
      3,
      { type: 'events.gone', from: 4, sequence: 4 },
      5,
      { type: 'events.gone', from: 6, sequence: 6 },
    ]);
    expect(page).toMatchObject({ nextAfter: 6, last: 6 });
    for (const nth of [2, 4]) await erase(client, ids[nth] ?? '');
    const gone = { type: 'events.gone', from: 1, sequence: 6 };
    expect(await readFeed(client)).toEqual({ data: [gone], nextAfter: 6, last: 6 });
    const next = await submitAs(client);
    expect((await chain.receiver.eventOf(next)).sequence).toBe(7);
  });

  test('goes on behind records that a version before has forgotten', async () => {
    const { client, ids } = await clientWithEvents(4);
    await chain.redis.del(ids.slice(0, 3).map((id) => chain.keys.record(id)));
    const first = await readFeed(client, '?limit=2');
    const gone = { type: 'events.gone', from: 1, sequence: 2 };
    expect(first).toEqual({ data: [gone], nextAfter: 2, last: 4 });
    const rest = await readFeed(client, '?after=2');
    expect(rest.data.map((entry) => ('data' in entry ? entry.sequence : entry))).toEqual([
      { type: 'events.gone', from: 3, sequence: 3 },
      4,
    ]);
  });

  test('goes on with its numbers where their counter was lost, and delivers where its key is of another type', async () => {
    const { client } = await clientWithEvents(2);
    await chain.redis.hdel(chain.keys.feedNumbers(), client.clientId);
    expect((await chain.receiver.eventOf(await submitAs(client))).sequence).toBe(3);
    await chain.redis.set(chain.keys.feed(client.clientId), 'junk');
    const { type, sequence } = await chain.receiver.eventOf(await submitAs(client));
    expect({ type, sequence }).toEqual({ type: 'verification.completed', sequence: undefined });
  });

  test('has one number for an event, however often it is delivered', async () => {
    const { client, ids } = await clientWithEvents(1);
    const [id = ''] = ids;
    const redeliver = async () =>
      (await chain.call(`/v1/verifications/${id}/redeliver`, { as: client, method: 'POST' })).status;
    await expect.poll(redeliver, WAIT).toBe(202);
    const bodies = () =>
      chain.receiver.deliveries.filter(({ event }) => event.data.id === id).map(({ body }) => body);
    await expect.poll(() => bodies().length, WAIT).toBe(2);
    expect(new Set(bodies()).size).toBe(1);
    expect(await readFeed(client)).toMatchObject({ nextAfter: 1, last: 1 });
  });

  test('is of this client alone, and empty before its first event', async () => {
    const { ids } = await clientWithEvents(1);
    const other = await chain.addClient();
    expect(await readFeed(other)).toEqual({ data: [], nextAfter: 0, last: 0 });
    expect(ids).toHaveLength(1);
  });

  test('has the events of a client that has no callback', async () => {
    const client = await chain.addClient();
    await changeClient(chain.redis, chain.keys, client.clientId, { callbackUrl: null });
    const id = await submitAs(client);
    const page = await readFeed(client, '?wait=20');
    expect(eventsOf(page).map(({ data }) => data.id)).toEqual([id]);
  });
});

describe('a request to the feed', () => {
  test('refuses a number that no event has been given', async () => {
    const { client } = await clientWithEvents(1);
    expect(await problemOf('/v1/events?after=2', client)).toEqual({ status: 409, code: 'unknown_sequence' });
  });

  test.each([
    'after=-1',
    'after=x',
    'after=',
    'after=0x0',
    'limit=0',
    'limit=501',
    'wait=21',
    'type=webhook.test',
    'cursor=1',
  ])('refuses %s', async (query) => {
    expect(await problemOf(`/v1/events?${query}`)).toEqual({ status: 422, code: 'invalid_query' });
  });

  test('waits for an event', async () => {
    const client = await chain.addClient();
    const waiting = readFeed(client, '?wait=20');
    const id = await submitAs(client);
    expect(eventsOf(await waiting).map(({ data }) => data.id)).toEqual([id]);
  });

  test('ends its wait without an event', async () => {
    const client = await chain.addClient();
    expect(await readFeed(client, '?wait=1')).toEqual({ data: [], nextAfter: 0, last: 0 });
  });
});

describe('requests that wait', () => {
  test('are eight of a client at most, and end when the process does', async () => {
    const producer = await startProducerUnderTest(chain.redisServer.url);
    onTestFinished(() => producer.close());
    const leaving = new AbortController();
    const wait = (signal?: AbortSignal) =>
      producer.call('/v1/events?wait=20', signal === undefined ? {} : { signal });
    const left = wait(leaving.signal).catch(() => 'left');
    const waiting = Array.from({ length: 7 }, () => wait());
    const refused = async () => {
      const answer = await producer.call('/v1/events?wait=1');
      return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
    };
    await expect.poll(refused, WAIT).toEqual({ status: 429, retryAfter: '1' });
    leaving.abort();
    expect(await left).toBe('left');
    await expect.poll(refused, WAIT).toEqual({ status: 200, retryAfter: null });
    await producer.stop();
    const answers = await Promise.all(waiting);
    const pages = await Promise.all(answers.map((answer) => answer.json()));
    expect(pages).toEqual(answers.map(() => ({ data: [], nextAfter: 0, last: 0 })));
  });
});
