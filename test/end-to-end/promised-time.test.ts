import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission } from '../support/person.ts';

const IN_AN_HOUR = () => new Date(Date.now() + 3_600_000).toISOString();
const WAIT = { timeout: 60_000 };

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain?.stop());

const submit = async (fields: object, headers: Record<string, string> = {}) =>
  chain.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify({ ...makeSubmission(makePerson()), ...fields }),
    headers: { 'content-type': 'application/json', ...headers },
  });
const read = async (answer: Response) => (await answer.json()) as Verification;
const problemOf = async (answer: Response) => (await answer.json()) as Problem;

async function pause(): Promise<void> {
  const { pauseAccount } = await import('../../shared/account/limiter/pause-account.ts');
  await pauseAccount(chain.redis, chain.accountKeys, 'moving house');
  await expect.poll(async () => (await chain.lane()).status, WAIT).toBe('paused');
}

async function resume(): Promise<void> {
  const { resumeAccount } = await import('../../shared/account/limiter/pause-account.ts');
  await resumeAccount(chain.redis, chain.accountKeys);
  await expect.poll(async () => (await chain.lane()).status, WAIT).toBe('running');
}

describe('the time by which the upstream will have been asked', () => {
  test('is promised with the 202, and stays the same', async () => {
    const submitted = await read(await submit({}));
    expect(submitted).toMatchObject({ completesByExtended: null, answerBy: null });
    expect(Date.parse(submitted.completesBy ?? '')).toBeGreaterThan(Date.parse(submitted.submittedAt));
    const { data } = await chain.receiver.eventOf(submitted.id);
    expect(data).toMatchObject({ completesBy: submitted.completesBy, completesByExtended: null });
    expect(await chain.verification(submitted.id)).toMatchObject({ completesBy: submitted.completesBy });
  });

  test('is not promised to bulk verifications without a share', async () => {
    const before = await chain.redis.hget(chain.keys.promiseSettings(), 'bulkShare');
    await chain.redis.hset(chain.keys.promiseSettings(), 'bulkShare', '0');
    await vi.waitFor(async () => {
      expect(await read(await submit({ priority: 'bulk' }))).toMatchObject({ completesBy: null });
    }, WAIT);
    await chain.redis.hset(chain.keys.promiseSettings(), 'bulkShare', before ?? '0.1');
  });

  test('is put off by a pause, and says so', async () => {
    await pause();
    try {
      const waiting = await read(await submit({}));
      const atFirst = await chain.verification(waiting.id);
      expect(atFirst.completesBy).toBeNull();
      await vi.waitFor(async () => {
        const { completesByExtended } = await chain.verification(waiting.id);
        expect(completesByExtended).toMatchObject({ reason: 'paused' });
        expect(completesByExtended?.by).toBeGreaterThanOrEqual(2);
      }, WAIT);
    } finally {
      await resume();
    }
    expect(chain.log.lines.filter(({ event }) => event === 'promise_broken')).toEqual([]);
  });

  test('is counted, and logged once, when it was broken', async () => {
    await pause();
    const waiting = await read(await submit({}));
    // As if it had been promised for long ago, with the time of the pause known then.
    await chain.redis.hset(chain.keys.record(waiting.id), {
      completesBy: String(Date.now() - 1_000),
      promiseSince: JSON.stringify({
        since: { lost: { paused: 1e12, held: 0, slow: 0, rate: 0 }, repeats: 0 },
        perTurnMs: 1,
      }),
    });
    await resume();
    await chain.log.line(
      ({ event, ...line }) => event === 'promise_broken' && line['verification'] === waiting.id,
    );
    await chain.receiver.eventOf(waiting.id);
    expect(chain.log.lines.filter(({ event }) => event === 'promise_broken')).toHaveLength(1);
  });

  test('is null in a record of a version before', async () => {
    const submitted = await read(await submit({}));
    await chain.receiver.eventOf(submitted.id);
    await chain.redis.hdel(chain.keys.record(submitted.id), 'completesBy', 'promiseSince');
    expect(await chain.verification(submitted.id)).toMatchObject({
      completesBy: null,
      completesByExtended: null,
    });
  });
});

describe('a time by which an answer is wanted', () => {
  test('is accepted when it can be promised', async () => {
    const answerBy = IN_AN_HOUR();
    const submitted = await read(await submit({ answerBy }));
    expect(submitted.answerBy).toBe(answerBy);
    const { type, data } = await chain.receiver.eventOf(submitted.id);
    expect(type).toBe('verification.completed');
    expect(data.answerBy).toBe(answerBy);
  });

  test('is refused at once when it cannot, with the time that could be, and leaves nothing', async () => {
    const before = await chain.redis.keys('*:record:*');
    const refused = await submit(
      { answerBy: new Date(Date.now() + 1_000).toISOString() },
      { 'idempotency-key': 'soon' },
    );
    expect(refused.status).toBe(409);
    const problem = await problemOf(refused);
    expect(problem.code).toBe('cannot_meet_deadline');
    expect(Date.parse(problem.earliestAnswerBy ?? '')).toBeGreaterThan(Date.now());
    expect((await chain.redis.keys('*:record:*')).sort()).toEqual(before.sort());
    const again = await submit({ answerBy: problem.earliestAnswerBy }, { 'idempotency-key': 'soon' });
    expect(again.status).toBe(202);
  });

  test('is refused while the lane is paused, because nothing is known of its end', async () => {
    await pause();
    try {
      const refused = await submit({ answerBy: IN_AN_HOUR() });
      expect(refused.status).toBe(409);
      expect(await problemOf(refused)).toMatchObject({
        code: 'cannot_meet_deadline',
        earliestAnswerBy: null,
      });
    } finally {
      await resume();
    }
  });

  test('is another submission under the same Idempotency-Key when it differs, and the same in another spelling', async () => {
    const person = makeSubmission(makePerson());
    const send = (answerBy: string) => submit({ ...person, answerBy }, { 'idempotency-key': 'when' });
    const hour = Math.ceil(Date.now() / 1000) * 1000 + 3_600_000;
    const zulu = new Date(hour).toISOString();
    const beijing = `${new Date(hour + 8 * 3_600_000).toISOString().slice(0, -1)}+08:00`;
    const first = await read(await send(zulu));
    expect((await read(await send(beijing))).id).toBe(first.id);
    const other = await send(new Date(hour + 1_000).toISOString());
    expect(other.status).toBe(422);
    expect((await problemOf(other)).code).toBe('idempotency_mismatch');
  });

  test('ends a verification that waits too long, with an event of its own, and it is never asked about', async () => {
    const person = makePerson();
    const submitted = await read(await submit({ ...makeSubmission(person), answerBy: IN_AN_HOUR() }));
    await chain.receiver.eventOf(submitted.id);
    await pause();
    try {
      const late = makePerson();
      const waiting = await read(await submit(makeSubmission(late)));
      const past = new Date(Date.now() - 1_000);
      await chain.redis.hset(chain.keys.record(waiting.id), 'answerBy', past.toISOString());
      await chain.redis.zadd(chain.keys.deadlines(), past.getTime(), waiting.id);
      const { type, data } = await chain.receiver.eventOf(waiting.id);
      expect(type).toBe('verification.failed');
      expect(data.outcome).toMatchObject({
        verdict: 'error',
        code: 'Veriqueue.DeadlinePassed',
        billed: false,
        possiblyBilledAgain: false,
      });
      expect(data.attempts).toEqual([]);
      await resume();
      await chain.submit();
      expect(chain.sandbox.calls(late.idCard).calls).toBe(0);
    } finally {
      await resume();
    }
  });

  test('must be an instant', async () => {
    const refused = await submit({ answerBy: 'tomorrow' });
    expect(refused.status).toBe(422);
    expect((await problemOf(refused)).errors).toMatchObject([{ pointer: '/answerBy' }]);
  });

  test('can be given in a form', async () => {
    const { imageBase64, ...texts } = makeSubmission(makePerson());
    const form = new FormData();
    for (const [name, text] of Object.entries(texts)) form.set(name, String(text));
    const answerBy = IN_AN_HOUR();
    form.set('answerBy', answerBy);
    form.set('image', new Blob([Buffer.from(imageBase64, 'base64')]), 'photo.jpg');
    const answer = await chain.call('/v1/verifications', { method: 'POST', body: form });
    expect(await answer.json()).toMatchObject({ answerBy });
  });
});

test('a verification whose next attempt would come after the time it wants an answer by ends at once', async () => {
  const slow = await startChain({
    redis: chain.redisServer,
    // Backoff is drawn from nothing up to this: one in 1,400 comes before the minute is over.
    environment: { RETRY_BASE: '24h', RETRY_CAP: '24h' },
  });
  try {
    const person = makePerson();
    slow.sandbox.script(person.idCard, ['FailedOperation.CompareSystemError']);
    const submitted = await slow.submit(person, {
      answerBy: new Date(Date.now() + 60_000).toISOString(),
    });
    const { type, data } = await slow.receiver.eventOf(submitted.id);
    expect(type).toBe('verification.failed');
    expect(data.attempts).toMatchObject([{ code: 'FailedOperation.CompareSystemError' }]);
    expect(data.outcome).toMatchObject({ code: 'Veriqueue.DeadlinePassed', billed: false });
    expect(slow.sandbox.calls(person.idCard).calls).toBe(1);
  } finally {
    await slow.stop();
  }
});
