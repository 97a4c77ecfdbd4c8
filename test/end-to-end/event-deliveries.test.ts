import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ApiError, type EventDelivery, Veriqueue } from '../../client/veriqueue.ts';
import type { ApiKeyScope } from '../../shared/contract/api-key-scope.ts';
import type { VerificationEvent } from '../../shared/contract/verification.ts';
import { addApiKey } from '../../shared/store/clients/api-keys.ts';
import { runCli, runJson } from '../cli/run-cli.ts';
import { type Chain, startChain } from '../support/chain.ts';

/** What a receiver answers, by the reference of the event's verification. */
type Answers = Record<string, number>;

let chain: Chain;
const closing: (() => void)[] = [];
beforeAll(async () => {
  chain = await startChain({ environment: { DELIVERY_SCHEDULE: '0s,0s', PERSON_PER_MINUTE: '0' } });
});
afterAll(async () => {
  await chain?.stop();
  for (const close of closing) close();
});

/** A 503 asks not to come again for an hour. */
async function startReceiver(answers: Answers, onEvent: (reference: unknown) => unknown = () => undefined) {
  const server = createServer(async (request, response) => {
    const { data }: VerificationEvent = JSON.parse(await text(request));
    await onEvent(data.reference);
    const status = answers[data.reference ?? ''] ?? 204;
    response.writeHead(status, status === 503 ? { 'retry-after': '3600' } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}

async function keyWith(clientId: string, scopes: readonly ApiKeyScope[]): Promise<string> {
  const target = { redis: chain.redis, keys: chain.keys, clientId };
  const grant = { scopes, expiresAt: null, addresses: [] };
  return (await addApiKey(target, { now: Date.now(), grant })) ?? expect.fail('the client must be there');
}

async function makeClient(callbackUrl: string | null) {
  const { clientId, apiKey } = await chain.addClient();
  if (callbackUrl === null) await chain.redis.hdel(chain.keys.client(clientId), 'callbackUrl');
  else await chain.redis.hset(chain.keys.client(clientId), 'callbackUrl', callbackUrl);
  const all = await keyWith(clientId, ['submit', 'read', 'manage']);
  return { clientId, apiKey, all, veriqueue: new Veriqueue({ url: chain.url, apiKey: all, maxRetries: 0 }) };
}

async function submit(veriqueue: Veriqueue, references: readonly string[]): Promise<string[]> {
  const { readFile } = await import('node:fs/promises');
  const photo = await readFile(new URL('../../samples/robot-240x320.jpg', import.meta.url));
  const ids: string[] = [];
  for (const reference of references) {
    const person = { idCard: '990001199001010013', name: '测试甲子', photo };
    const { verification } = await veriqueue.submit({ ...person, reference });
    ids.push((await veriqueue.waitFor(verification.id, { timeoutMs: 60_000 })).id);
  }
  return ids;
}

async function all(deliveries: AsyncGenerator<EventDelivery, void>): Promise<EventDelivery[]> {
  const found: EventDelivery[] = [];
  for await (const each of deliveries) found.push(each);
  return found;
}

const statesOf = (deliveries: readonly EventDelivery[]) =>
  deliveries.map(({ sequence, status, attempts }) => [sequence, status, attempts]);

const REFERENCES = ['ok-1', 'dead', 'ok-2', 'later', 'ok-3'];

async function problemOf(path: string, apiKey: string): Promise<string> {
  const answer = await fetch(`${chain.url}${path}`, { headers: { authorization: `Bearer ${apiKey}` } });
  const { code = 'none' } = (await answer.json()) as { code?: string };
  return `${answer.status} ${code}`;
}

describe('the list of deliveries', { timeout: 240_000 }, () => {
  test('to the callback says of each event how far it is, and finds by state and time, page by page', async () => {
    const { veriqueue, all: apiKey } = await makeClient(await startReceiver({ dead: 500, later: 503 }));
    const rest = [
      [4, 'delivered', 1],
      [3, 'delivered', 1],
      [2, 'dead', 2],
      [1, 'delivered', 1],
    ];
    const states = async () => statesOf(await all(veriqueue.eventDeliveries()));
    const ids = await submit(veriqueue, ['ok-1', 'dead', 'ok-2', 'ok-3']);
    await expect.poll(states, { timeout: 60_000 }).toEqual(rest);
    // The last: the host is not asked again for a while.
    await submit(veriqueue, ['later']);
    await expect.poll(states, { timeout: 60_000 }).toEqual([[5, 'retrying', 1], ...rest]);
    const [later, , , dead] = await all(veriqueue.eventDeliveries({ endpoint: 'callback' }));
    expect(dead).toMatchObject({
      ...{ eventId: ids[1]?.replace('ver_', 'evt_'), verification: ids[1], endpoint: null },
      ...{
        type: 'verification.completed',
        lastAttempt: { status: 500, errorClass: null },
        nextAttemptAt: null,
      },
    });
    expect(later?.lastAttempt?.status).toBe(503);
    expect(Date.parse(later?.nextAttemptAt ?? '') - Date.now()).toBeGreaterThan(30 * 60_000);
    expect(await all(veriqueue.eventDeliveries({ status: 'dead' }))).toEqual([dead]);
    expect(await all(veriqueue.eventDeliveries({ limit: 2 }))).toHaveLength(2);
    const third = await veriqueue.get(ids[2] ?? '');
    const from = { submittedFrom: third.submittedAt };
    expect(statesOf(await all(veriqueue.eventDeliveries(from))).map(([n]) => n)).toEqual([5, 4, 3]);
    const before = { submittedBefore: new Date(third.submittedAt) };
    expect(statesOf(await all(veriqueue.eventDeliveries(before))).map(([n]) => n)).toEqual([2, 1]);
    const pages: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const headers = { authorization: `Bearer ${apiKey}` };
      const answer = await fetch(`${chain.url}/v1/deliveries?limit=2${next}`, { headers });
      const page = (await answer.json()) as { data: EventDelivery[]; nextCursor: string | null };
      pages.push(page.data.map(({ sequence }) => sequence));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([[5, 4], [3, 2], [1]]);
  });

  test('to an endpoint says what it was sent, what it was passed by, and what waits, without any write of it', async () => {
    const answers: Answers = { dead: 500, later: 503 };
    const url = await startReceiver(answers);
    const { veriqueue, clientId } = await makeClient(null);
    await submit(veriqueue, ['before']);
    const { id: endpoint } = await veriqueue.endpoints.add({ url });
    await submit(veriqueue, REFERENCES);
    const states = async (more: object = {}) =>
      statesOf(await all(veriqueue.eventDeliveries({ endpoint, ...more })));
    await expect.poll(states, { timeout: 60_000 }).toEqual([
      [6, 'pending', 0],
      [5, 'retrying', 1],
      [4, 'delivered', null],
      [3, 'dead', null],
      [2, 'delivered', null],
    ]);
    const [, later] = await all(veriqueue.eventDeliveries({ endpoint }));
    expect(later).toMatchObject({ endpoint, lastAttempt: { status: 503 } });
    expect(Date.parse(later?.nextAttemptAt ?? '') - Date.now()).toBeGreaterThan(30 * 60_000);
    expect(await states({ status: 'dead' })).toEqual([[3, 'dead', null]]);
    expect(await states({ status: 'pending' })).toEqual([[6, 'pending', 0]]);
    expect(await states({ limit: 2 })).toEqual([
      [6, 'pending', 0],
      [5, 'retrying', 1],
    ]);
    await veriqueue.endpoints.change(endpoint, { enabled: false });
    expect((await states({ status: 'held' })).map(([number]) => number)).toEqual([6, 5]);

    // Sent again from the beginning: what was passed by is delivered after all.
    delete answers['dead'];
    delete answers['later'];
    await veriqueue.endpoints.change(endpoint, { enabled: true, after: 0 });
    await expect
      .poll(states, { timeout: 60_000 })
      .toEqual([6, 5, 4, 3, 2, 1].map((number) => [number, 'delivered', null]));

    // Of other types, nothing is known of what lies before.
    await veriqueue.endpoints.change(endpoint, {
      types: ['verification.failed', 'verification.completed', 'delivery.dead'],
    });
    expect(await states()).toEqual([]);
    const after = async () => (await veriqueue.endpoints.list())[0]?.after;
    // What comes before a worker has noticed belongs to what lies before.
    const last = await vi.waitFor(
      async () => {
        const before = (await after()) ?? 0;
        await submit(veriqueue, ['another']);
        await expect.poll(after, { timeout: 30_000 }).toBe(before + 1);
        expect(await states()).toEqual([[before + 1, 'delivered', null]]);
        return before + 1;
      },
      { timeout: 90_000, interval: 500 },
    );

    const environment = { VERIQUEUE_URL: chain.url, VERIQUEUE_API_KEY: await keyWith(clientId, ['read']) };
    const listed = await runJson<EventDelivery[]>(['receiver', 'deliveries', endpoint], environment);
    expect(statesOf(listed)).toEqual([[last, 'delivered', null]]);
    const table = await runCli(['receiver', 'deliveries', '--status', 'held'], environment);
    expect(table.stdout).toMatch(
      /^NUMBER +TYPE +VERIFICATION +STATUS +ATTEMPTS +LAST +NEXT\n\d+ +verification\.completed +ver_\w+ +held +0 +- +-$/m,
    );

    await veriqueue.endpoints.remove(endpoint);
    const gone = await all(veriqueue.eventDeliveries({ endpoint })).catch((error: unknown) => error);
    expect(gone instanceof ApiError ? gone.code : gone).toBe('not_found');
  });

  test('to an endpoint gives an erased event no place: the one behind it comes at once, with attempts of its own', async () => {
    const url = await startReceiver({ dead: 500, later: 503 });
    const { veriqueue } = await makeClient(null);
    const { id: endpoint } = await veriqueue.endpoints.add({ url });
    const [waiting = ''] = await submit(veriqueue, ['later', 'dead', 'ok-1']);
    const states = async () => statesOf(await all(veriqueue.eventDeliveries({ endpoint })));
    await expect.poll(states, { timeout: 60_000 }).toContainEqual([1, 'retrying', 1]);
    await veriqueue.cancel(waiting, { erase: true });
    await expect.poll(states, { timeout: 60_000 }).toEqual([
      [3, 'delivered', null],
      [2, 'dead', null],
    ]);
    const [now] = await veriqueue.endpoints.list();
    expect(now).toMatchObject({ after: 3, attempts: 0, nextAttemptAt: null, dead: 1 });
  });

  test('to an endpoint does not have what its client left out', async () => {
    const url = await startReceiver({ later: 503 });
    const { veriqueue, clientId } = await makeClient(null);
    const { id: endpoint } = await veriqueue.endpoints.add({ url });
    await submit(veriqueue, ['later', 'ok-1', 'ok-2']);
    const states = async () => statesOf(await all(veriqueue.eventDeliveries({ endpoint })));
    await expect.poll(states, { timeout: 60_000 }).toContainEqual([1, 'retrying', 1]);
    await veriqueue.endpoints.change(endpoint, { after: 2 });
    await expect.poll(states, { timeout: 60_000 }).toEqual([[3, 'delivered', null]]);

    // A position that Redis has lost, or that something else stands in place of, is given again.
    const position = chain.keys.push(clientId, endpoint);
    for (const lose of [() => chain.redis.del(position), () => chain.redis.set(position, 'no position')]) {
      await lose();
      expect(await veriqueue.endpoints.list()).toMatchObject([{ id: endpoint }]);
      await veriqueue.endpoints.change(endpoint, { enabled: true });
      await veriqueue.endpoints.change(endpoint, { after: 1 });
      await expect.poll(states, { timeout: 60_000 }).toEqual([
        [3, 'delivered', null],
        [2, 'delivered', null],
      ]);
    }
  });

  test('finds an event about a verification by the time of its submission', async () => {
    const { veriqueue } = await makeClient(await startReceiver({ dead: 500 }));
    const url = await startReceiver({});
    const { id: endpoint } = await veriqueue.endpoints.add({ url, types: ['delivery.dead'] });
    const [id = ''] = await submit(veriqueue, ['dead']);
    const { submittedAt } = await veriqueue.get(id);
    const submittedBefore = new Date(Date.parse(submittedAt) + 1);
    const ask = () =>
      all(veriqueue.eventDeliveries({ endpoint, submittedFrom: submittedAt, submittedBefore }));
    await expect.poll(ask, { timeout: 60_000 }).toMatchObject([{ type: 'delivery.dead', verification: id }]);
  });

  test('says when an attempt at an endpoint was made, not when its rate let the next one begin', async () => {
    const { veriqueue } = await makeClient(null);
    const arrivedAt: number[] = [];
    const url = await startReceiver({}, () => arrivedAt.push(Date.now()));
    const { id: endpoint } = await veriqueue.endpoints.add({ url, ratePerSecond: 0.1 });
    await submit(veriqueue, ['ok-1']);
    const last = async () => (await all(veriqueue.eventDeliveries({ endpoint })))[0]?.lastAttempt ?? null;
    await expect.poll(last, { timeout: 60_000 }).toMatchObject({ status: 204 });
    // The rate lets the next one begin ten seconds after this one.
    expect(Date.parse((await last())?.at ?? '')).toBeLessThan((arrivedAt[0] ?? 0) + 5_000);
  });

  test('to an endpoint of a low rate sends no event of a verification that was erased before its turn', async () => {
    const { veriqueue } = await makeClient(null);
    const [, , , erased = ''] = await submit(veriqueue, ['ok-1', 'ok-2', 'ok-3', 'erased']);
    const references: unknown[] = [];
    let isErased: Promise<null> | undefined;
    // With the first event: the others have been read by then, and none is sent before the first is answered.
    const url = await startReceiver({}, async (reference) => {
      references.push(reference);
      isErased ??= veriqueue.cancel(erased, { erase: true });
      await isErased;
    });
    const { id: endpoint } = await veriqueue.endpoints.add({ url, after: 0, ratePerSecond: 0.9 });
    const after = async () => (await veriqueue.endpoints.list()).find(({ id }) => id === endpoint)?.after;
    await expect.poll(after, { timeout: 60_000 }).toBe(4);
    expect(references).toEqual(['ok-1', 'ok-2', 'ok-3']);
  });

  test('to an endpoint that failed leaves nothing in the feed when the verification is erased', async () => {
    const { veriqueue, all: apiKey } = await makeClient(null);
    const { id: failing } = await veriqueue.endpoints.add({ url: await startReceiver({ dead: 500 }) });
    const types = ['delivery.dead', 'subject.erased'] as const;
    await veriqueue.endpoints.add({ url: await startReceiver({}), types: [...types] });
    const [id = ''] = await submit(veriqueue, ['dead']);
    const feed = async () => {
      const headers = { authorization: `Bearer ${apiKey}` };
      const answer = await fetch(`${chain.url}/v1/events?after=0`, { headers });
      return ((await answer.json()) as { data: unknown[] }).data;
    };
    const died = { type: 'delivery.dead', data: { verification: id, endpoint: failing } };
    await expect.poll(feed, { timeout: 60_000 }).toMatchObject([{ data: { id } }, died]);
    await veriqueue.cancel(id, { erase: true });
    expect(await feed()).toMatchObject([
      { type: 'events.gone', from: 1, sequence: 2 },
      { type: 'subject.erased', data: { id } },
    ]);
  });

  test('is for the client alone, with the scope read, and refuses what is no query', async () => {
    const url = await startReceiver({});
    const [mine, other] = [await makeClient(url), await makeClient(url)];
    const { id } = await other.veriqueue.endpoints.add({ url });
    await submit(other.veriqueue, ['theirs']);
    expect(await all(mine.veriqueue.eventDeliveries())).toEqual([]);
    const ask = (query: string, apiKey = mine.all) => problemOf(`/v1/deliveries${query}`, apiKey);
    expect(await ask(`?endpoint=${id}`)).toBe('404 not_found');
    expect(await ask('', await keyWith(mine.clientId, ['submit', 'manage']))).toBe('403 scope_missing');
    expect(await ask('', await keyWith(mine.clientId, ['read']))).toBe('200 none');
    for (const query of [
      '?endpoint=',
      '?endpoint=constructor',
      '?endpoint=ep_../../callback',
      '?endpoint=callback&endpoint=callback',
      '?status=sent',
      '?limit=0',
      '?limit=101',
      '?cursor=NTA',
      '?cursor=%00',
      `?cursor=${'a'.repeat(201)}`,
      '?submittedFrom=yesterday',
      '?client=cli_01jd000000000000000000000a',
    ]) {
      expect([query, await ask(query)]).toEqual([query, '422 invalid_query']);
    }
    const [own] = await all(other.veriqueue.eventDeliveries({ endpoint: id }));
    expect(own?.endpoint).toBe(id);
    const cursor = Buffer.from(`${Date.now()}.${own?.verification}`).toString('base64url');
    expect(await ask(`?endpoint=${id}&cursor=${cursor}`, other.all)).toBe('422 invalid_query');
    expect(await ask(`?endpoint=${id}&cursor=MA`, other.all)).toBe('200 none');
  });
});
