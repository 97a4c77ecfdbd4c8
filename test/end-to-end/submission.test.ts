import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makeForm, makePerson, makeSubmission } from '../support/person.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis?.stop());

function post(
  chain: Chain,
  body: object | FormData,
  headers: Record<string, string> = {},
): Promise<Response> {
  return body instanceof FormData
    ? chain.call('/v1/verifications', { method: 'POST', body, headers })
    : chain.call('/v1/verifications', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      });
}

describe('a submission', () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain({ redis });
  });
  afterAll(() => chain?.stop());

  it.each(['application/json', 'multipart/form-data'])(
    'as %s comes back as an event with its reference',
    async (type) => {
      const person = makePerson();
      const options = { reference: 'order-17', extra: 'kyc', priority: 'bulk' } as const;
      const body = type === 'application/json' ? makeSubmission(person, options) : makeForm(person, options);
      const answer = await post(chain, body);
      expect(answer.status).toBe(202);
      const { id, status } = (await answer.json()) as Verification;
      expect(answer.headers.get('location')).toBe(`/v1/verifications/${id}`);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(status).toBe('queued');

      const event = await chain.receiver.eventOf(id);
      expect(event).toMatchObject({ type: 'verification.completed', data: { id, ...options } });
      expect(event.data.outcome).toMatchObject({ verdict: 'match', code: 'Success' });
      await expect
        .poll(() => chain.verification(id))
        .toMatchObject({ delivery: { status: 'delivered', attempts: 1 } });
      const shown = await chain.verification(id);
      expect({ ...shown, delivery: null }).toEqual({ ...event.data, delivery: null });
      const log = (await (await chain.call(`/v1/verifications/${id}/deliveries`)).json()) as {
        data: object[];
      };
      expect(log.data).toMatchObject([{ status: 204, errorClass: null }]);
    },
  );

  it('repeated under its Idempotency-Key is the same verification: one call, one event', async () => {
    const person = makePerson();
    const headers = { 'idempotency-key': 'order-18' };
    const first = await post(chain, makeSubmission(person), headers);
    const { id } = (await first.json()) as Verification;
    const atOnce = await post(chain, makeSubmission(person), headers);
    const event = await chain.receiver.eventOf(id);
    const asForm = await post(chain, makeForm(person), headers);
    for (const repeat of [atOnce, asForm]) {
      expect(repeat.status).toBe(202);
      expect(repeat.headers.get('idempotent-replayed')).toBe('true');
      expect(((await repeat.json()) as Verification).id).toBe(id);
    }
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(event.data.outcome?.verdict).toBe('match');
    expect(chain.sandbox.calls(person.idCard).calls).toBe(1);
    expect(chain.receiver.deliveries.filter(({ event: { data } }) => data.id === id)).toHaveLength(1);
  });

  it('with another body under a used Idempotency-Key is refused', async () => {
    const headers = { 'idempotency-key': 'order-19' };
    await post(chain, makeSubmission(makePerson()), headers);
    const other = await post(chain, makeSubmission(makePerson()), headers);
    expect(other.status).toBe(422);
    expect(((await other.json()) as Problem).code).toBe('idempotency_mismatch');
  });

  it('that is final cannot be cancelled', async () => {
    const { id } = await chain.submit();
    await chain.receiver.eventOf(id);
    const answer = await chain.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    expect(answer.status).toBe(409);
    expect(((await answer.json()) as Problem).code).toBe('too_late');
  });

  it('is hidden from other clients, which can neither see, cancel nor follow it', async () => {
    const stranger = await chain.addClient({ name: 'stranger' });
    const { id } = await chain.submit();
    const path = `/v1/verifications/${id}`;
    const foreign = await Promise.all([
      chain.call(path, { as: stranger }),
      chain.call(path, { as: stranger, method: 'DELETE' }),
      chain.call(`${path}/deliveries`, { as: stranger }),
    ]);
    for (const answer of foreign) {
      expect(answer.status).toBe(404);
      expect(((await answer.json()) as Problem).code).toBe('not_found');
    }
    const theirs = await chain.call('/v1/verifications', { as: stranger });
    expect(await theirs.json()).toEqual({ data: [], nextCursor: null });
    await chain.receiver.eventOf(id);
  });

  it('to a callback of its own is delivered there, signed with the client’s secret', async () => {
    const { id } = await chain.submit(makePerson(), { callbackUrl: `${chain.receiver.url}?order=20` });
    expect((await chain.receiver.eventOf(id)).data.id).toBe(id);
    expect(chain.receiver.rejections).toEqual([]);
  });
});

describe('a submission that no worker has claimed yet', () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await startChain({ redis, workers: 0, environment: { QUOTA_PER_SECOND: '20' } });
  });
  afterAll(() => chain?.stop());

  it('knows its place, interactive before bulk, and when it may expect its answer', async () => {
    const bulk = [];
    for (let i = 0; i < 3; i += 1) bulk.push(await chain.submit(makePerson(), { priority: 'bulk' }));
    const interactive = [];
    for (let i = 0; i < 2; i += 1) interactive.push(await chain.submit());
    expect(bulk.map(({ position }) => position)).toEqual([1, 2, 3]);
    expect(interactive.map(({ position }) => position)).toEqual([1, 2]);

    const places = await Promise.all([...interactive, ...bulk].map(({ id }) => chain.verification(id)));
    expect(places.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
    const expected = places.map(({ estimatedCompletionAt }) => Date.parse(estimatedCompletionAt ?? ''));
    // Four places behind the first at 20 per second are 200 ms; the answers were read within little more than that.
    expect((expected[4] ?? 0) - (expected[0] ?? 0)).toBeGreaterThan(0);
    for (const at of expected) expect(at).toBeGreaterThan(Date.now() - 5_000);
    for (const { id } of places) await chain.call(`/v1/verifications/${id}`, { method: 'DELETE' });
  });

  it('can be cancelled, and is then never asked about', async () => {
    const [person, other] = [makePerson(), makePerson()];
    const [{ id }, kept] = [await chain.submit(person), await chain.submit(other)];
    const cancel = () => chain.call(`/v1/verifications/${id}`, { method: 'DELETE' });
    for (const answer of [await cancel(), await cancel()]) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ id, status: 'cancelled', outcome: null });
    }
    expect(await chain.redis.exists(chain.keys.subject(id))).toBe(0);

    const worker = await chain.addWorker();
    await chain.receiver.eventOf(kept.id);
    await worker.stop();
    expect(chain.sandbox.calls(person.idCard).calls).toBe(0);
    expect(chain.receiver.accepted.has(id)).toBe(false);
    expect((await chain.verification(id)).status).toBe('cancelled');
  });

  it('is listed newest first, by page and by status', async () => {
    const client = await chain.addClient({ name: 'lister' });
    const ids: string[] = [];
    for (let i = 0; i < 25; i += 1) {
      const answer = await chain.call('/v1/verifications', {
        as: client,
        method: 'POST',
        body: JSON.stringify(makeSubmission(makePerson(), { reference: `order-${i}` })),
        headers: { 'content-type': 'application/json' },
      });
      ids.unshift(((await answer.json()) as Verification).id);
    }
    const cancelledId = ids[7] ?? '';
    await chain.call(`/v1/verifications/${cancelledId}`, { as: client, method: 'DELETE' });

    type Page = { data: Verification[]; nextCursor: string | null };
    const page = async (query: string) =>
      (await (await chain.call(`/v1/verifications?${query}`, { as: client })).json()) as Page;
    const listed: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { data, nextCursor }: Page = await page(
        `limit=10${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
      listed.push(...data.map(({ id }) => id));
      cursor = nextCursor;
    }
    expect(listed).toEqual(ids);
    expect((await page('status=cancelled')).data.map(({ id }) => id)).toEqual([cancelledId]);
    expect((await page('status=queued&limit=100')).data).toHaveLength(24);
    expect((await page('status=completed')).data).toEqual([]);
  });
});
