import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Chain, startChain } from '../../support/chain.ts';

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const redeliver = (id: string, as = chain.client) =>
  chain.call(`/v1/verifications/${id}/redeliver`, { method: 'POST', as });
const problemOf = async (answer: Response) => [
  answer.status,
  ((await answer.json()) as { code: string }).code,
];

describe('POST /v1/verifications/{id}/redeliver', () => {
  it('delivers the same event again under the same webhook-id', async () => {
    const { id } = await chain.submit();
    await chain.log.line((line) => line.event === 'delivery' && line.verification === id);
    const answer = await redeliver(id);
    expect(answer.status).toBe(202);
    expect(await answer.json()).toMatchObject({ id, status: 'completed' });
    await chain.log.line((line) => line.event === 'delivery' && line.verification === id, { nth: 2 });
    const [first, second] = chain.receiver.deliveries.filter(({ event }) => event.data.id === id);
    expect(second).toMatchObject({ webhookId: first?.webhookId, body: first?.body });
    const log = await chain.call(`/v1/verifications/${id}/deliveries`);
    expect(((await log.json()) as { data: unknown[] }).data).toHaveLength(2);
  });

  it('sends the same bytes although an attempt was noted after the event was delivered', async () => {
    const { id } = await chain.submit();
    await chain.log.line((line) => line.event === 'delivery' && line.verification === id);
    const late = { at: '2026-03-02T04:00:00.000Z', durationMs: 9, code: 'Success', requestId: 'late' };
    const { redis, keys } = chain;
    const nth = await redis.hincrby(keys.record(id), 'attempts', 1);
    await redis.hset(keys.record(id), `attempt:${nth}`, JSON.stringify(late));
    await redeliver(id);
    await chain.log.line((line) => line.event === 'delivery' && line.verification === id, { nth: 2 });
    const bodies = chain.receiver.deliveries.flatMap(({ event, body }) =>
      event.data.id === id ? [body] : [],
    );
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toBe(bodies[0]);
  });

  it('answers 409 while the event is under way, and 404 for what is not there or not yours', async () => {
    chain.receiver.answerWith(() => 500);
    const { id } = await chain.submit();
    await chain.log.line((line) => line.event === 'delivery' && line.verification === id);
    expect(await problemOf(await redeliver(id))).toEqual([409, 'not_redeliverable']);
    const other = await chain.addClient();
    expect(await problemOf(await redeliver(id, other))).toEqual([404, 'not_found']);
    expect(await problemOf(await redeliver('ver_nobody'))).toEqual([404, 'not_found']);
    chain.receiver.answerWith(() => 204);
  });
});
