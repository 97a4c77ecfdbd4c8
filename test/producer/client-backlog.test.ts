import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { changeClient } from '../../shared/store/clients/change-client.ts';
import type { ClientCredentials } from '../../shared/store/clients/create-client.ts';
import { reservePlace } from '../../shared/store/clients/reserve-place.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';
import { makeSubmission } from './submission-builder.ts';

let server: TestRedis;
let producer: ProducerUnderTest;
beforeAll(async () => {
  server = await startTestRedis();
  producer = await startProducerUnderTest(server.url, { environment: { CLIENT_MAX_WAITING: '3' } });
});
afterAll(async () => {
  await producer.close();
  await server.stop();
});

const submitAs = (client: ClientCredentials, headers: Record<string, string> = {}, to = producer) =>
  to.call('/v1/verifications', {
    as: client,
    method: 'POST',
    body: JSON.stringify(makeSubmission()),
    headers: { 'content-type': 'application/json', ...headers },
  });
const idOf = async (answer: Response) => ((await answer.json()) as { id: string }).id;
const setCap = (clientId: string, maxWaiting: number | null) =>
  changeClient(producer.redis, producer.keys, clientId, { maxWaiting });

describe('the verifications of a client that have no outcome', () => {
  it('never exceed its cap, however many submissions come at once to two producers', async () => {
    const other = await startProducerUnderTest(server.url, {
      environment: { CLIENT_MAX_WAITING: '3', LANE: producer.settings.LANE },
    });
    try {
      const client = await producer.addClient();
      await setCap(client.clientId, 7);
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => submitAs(client, {}, i % 2 === 0 ? producer : other)),
      );
      const codes = await Promise.all(
        answers.map(async (answer) =>
          answer.status === 202 ? 'accepted' : (await readProblem(answer)).code,
        ),
      );
      expect(codes.filter((code) => code === 'accepted')).toHaveLength(7);
      expect(codes.filter((code) => code === 'client_backlog_full')).toHaveLength(33);
      expect(await producer.redis.exists(producer.keys.reservedPlaces(client.clientId))).toBe(0);
      const page = (await (await producer.call('/v1/verifications', { as: client })).json()) as {
        data: unknown[];
      };
      expect(page.data).toHaveLength(7);
    } finally {
      await other.close();
    }
  });

  it('are answered 429 beyond it with the time of its own share, while other clients submit', async () => {
    const client = await producer.addClient();
    for (const _ of [1, 2, 3]) expect((await submitAs(client)).status).toBe(202);
    const refused = await submitAs(client);
    expect(await readProblem(refused)).toEqual({
      type: '/problems/client_backlog_full',
      title: 'This client has reached its limit of waiting verifications',
      status: 429,
      code: 'client_backlog_full',
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await submitAs(await producer.addClient())).status).toBe(202);
    const metrics = await (await fetch(`${producer.url}/metrics`)).text();
    expect(metrics).toMatch(/^veriqueue_submissions_total\{result="client_backlog_full".*\} \d+$/m);
  });

  it('ask a client to come back the later, the smaller its share of the quota is', async () => {
    const alone = await startProducerUnderTest(server.url, { environment: { QUOTA_PER_SECOND: '1' } });
    try {
      const [light, heavy] = [await alone.addClient({ weight: 10 }), await alone.addClient({ weight: 90 })];
      for (const client of [light, heavy]) {
        await changeClient(alone.redis, alone.keys, client.clientId, { maxWaiting: 10 });
        for (const _ of Array.from({ length: 10 })) await submitAs(client, {}, alone);
      }
      const waitOf = async (client: ClientCredentials) =>
        Number((await submitAs(client, {}, alone)).headers.get('retry-after'));
      // A tenth of ten is to be worked off, at a tenth and at nine tenths of one a second.
      expect([await waitOf(light), await waitOf(heavy)]).toEqual([10, 2]);
    } finally {
      await alone.close();
    }
  });

  it('leave their place when they are cancelled or erased, and a refused key is free again', async () => {
    const client = await producer.addClient();
    await setCap(client.clientId, 2);
    const [first, second] = [await idOf(await submitAs(client)), await idOf(await submitAs(client))];
    expect((await submitAs(client, { 'idempotency-key': 'third' })).status).toBe(429);
    await producer.call(`/v1/verifications/${first}`, { as: client, method: 'DELETE' });
    const third = await submitAs(client, { 'idempotency-key': 'third' });
    expect([third.status, third.headers.get('idempotent-replayed')]).toEqual([202, null]);
    expect((await submitAs(client)).status).toBe(429);
    await producer.call(`/v1/verifications/${second}?erase=true`, { as: client, method: 'DELETE' });
    expect((await submitAs(client)).status).toBe(202);
  });

  it('are found again by a repeat under their key while the client is at its cap', async () => {
    const client = await producer.addClient();
    await setCap(client.clientId, 1);
    const body = JSON.stringify(makeSubmission());
    const submit = () =>
      producer.call('/v1/verifications', {
        as: client,
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', 'idempotency-key': 'mine' },
      });
    const id = await idOf(await submit());
    const repeated = await submit();
    expect([repeated.status, repeated.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(await idOf(repeated)).toBe(id);
  });

  it('are held to a cap that changes at once, and to CLIENT_MAX_WAITING without one that makes sense', async () => {
    const client = await producer.addClient();
    const countAccepted = async () => {
      const answers = [];
      while (answers.length < 6) {
        const { status } = await submitAs(client);
        if (status !== 202) break;
        answers.push(status);
      }
      return answers.length;
    };
    await setCap(client.clientId, 1);
    expect(await countAccepted()).toBe(1);
    for (const maxWaiting of ['many', '-1', '1e9', '9999999999', ' 7', '2.5']) {
      await producer.redis.hset(producer.keys.client(client.clientId), { maxWaiting });
      // Two more, to 3 together: the first of these values fills them, the others find them filled.
      expect([maxWaiting, await countAccepted()]).toEqual([maxWaiting, maxWaiting === 'many' ? 2 : 0]);
    }
    await setCap(client.clientId, null);
    expect(await countAccepted()).toBe(0);
    await setCap(client.clientId, 0);
    expect(await countAccepted()).toBe(6);
  });

  it('are counted with those that are being accepted, until their producer is taken for dead', async () => {
    const client = await producer.addClient();
    await setCap(client.clientId, 1);
    const { redis, keys } = producer;
    const reserve = (id: string) =>
      reservePlace(redis, keys, { id, clientId: client.clientId, defaultCap: 0, now: Date.now() });
    expect(await reserve('ver_1')).toEqual({ status: 'reserved' });
    expect(await reserve('ver_1')).toEqual({ status: 'reserved' });
    expect(await reserve('ver_2')).toEqual({ status: 'full', unfinished: 1, cap: 1 });
    expect((await submitAs(client)).status).toBe(429);
    await redis.zadd(keys.reservedPlaces(client.clientId), Date.now() - 1, 'ver_1');
    expect((await submitAs(client)).status).toBe(202);
  });
});

it('a client at its own cap hears of that before it hears of the backlog of all', async () => {
  const full = await startProducerUnderTest(server.url, { environment: { MAX_BACKLOG: '1' } });
  try {
    await setCapOf(full, 1);
    expect((await full.submit()).status).toBe(202);
    expect((await readProblem(await full.submit())).code).toBe('client_backlog_full');
    const other = await full.addClient();
    const refused = await submitAs(other, {}, full);
    expect((await readProblem(refused)).code).toBe('backlog_full');
    await changeClient(full.redis, full.keys, other.clientId, { maxWaiting: 5 });
    expect((await readProblem(await submitAs(other, {}, full))).code).toBe('backlog_full');
    // What the backlog refused keeps no place.
    expect(await full.redis.exists(full.keys.reservedPlaces(other.clientId))).toBe(0);
  } finally {
    await full.close();
  }
});

const setCapOf = ({ redis, keys, client }: ProducerUnderTest, maxWaiting: number) =>
  changeClient(redis, keys, client.clientId, { maxWaiting });
