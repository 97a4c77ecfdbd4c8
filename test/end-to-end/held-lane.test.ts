import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson } from '../support/person.ts';
import type { LogLine } from '../support/recorded-log.ts';

const ARREARS = 'UnauthorizedOperation.Arrears';
const PROBE_INTERVAL_MS = 400;
/** `ARREARS_WAITING=500` holds as many as a busy day would. */
const WAITING = Number(process.env['ARREARS_WAITING'] ?? 60);

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({
    workers: 2,
    environment: { RETRIES: '0', PROBE_INTERVAL: `${PROBE_INTERVAL_MS}ms` },
  });
});
afterAll(() => chain?.stop());

const probe = (line: LogLine) => line.event === 'attempt' && line['step'] === 'hold';

/** The account falls into arrears, and one verification finds out. */
async function fallIntoArrears(): Promise<Verification> {
  chain.sandbox.script('*', [ARREARS]);
  const first = await chain.submit();
  await chain.log.line(probe);
  await expect.poll(() => chain.lane()).toMatchObject({ status: 'held', reason: ARREARS });
  return first;
}

it('in arrears with many waiting, the account is asked once per probe interval, and afterwards all get their answer', async () => {
  const first = await fallIntoArrears();
  const people = Array.from({ length: WAITING }, makePerson);
  const submitted = await Promise.all(people.map((person) => chain.submit(person)));

  const before = { calls: chain.sandbox.stats().requests, at: performance.now() };
  await chain.log.line(probe, { nth: chain.log.lines.filter(probe).length + 4 });
  const after = { calls: chain.sandbox.stats().requests, at: performance.now() };
  // One may have been under way at the beginning.
  const intervals = (after.at - before.at) / PROBE_INTERVAL_MS;
  expect(after.calls - before.calls).toBeLessThanOrEqual(Math.ceil(intervals) + 1);

  const lane = await chain.lane();
  expect(lane).toMatchObject({ status: 'held', reason: ARREARS, estimatedWaitSeconds: null });
  expect(lane.photosStored.now).toBe(WAITING + 1);
  const waiting = await Promise.all([first, ...submitted].map(({ id }) => chain.verification(id)));
  for (const one of waiting) expect(one).toMatchObject({ attempts: [], outcome: null, nextAttemptAt: null });
  // A probe may be under way just now.
  expect(waiting.filter(({ status }) => status === 'held').length).toBeGreaterThanOrEqual(WAITING);

  chain.sandbox.script('*', []);
  await chain.receiver.accept(WAITING + 1);
  for (const { id } of [first, ...submitted]) {
    const { type, data } = await chain.receiver.eventOf(id);
    expect(type).toBe('verification.completed');
    expect(data.outcome).toMatchObject({ verdict: 'match', code: 'Success', possiblyBilledAgain: false });
    expect(data.attempts).toHaveLength(1);
  }
  for (const { idCard } of people) expect(chain.sandbox.calls(idCard).calls).toBe(1);
  const { byCode } = chain.sandbox.stats();
  expect(byCode['Success']).toBe(WAITING + 1);
  expect(new Set(chain.receiver.deliveries.map(({ webhookId }) => webhookId)).size).toBe(WAITING + 1);
  expect(chain.receiver.deliveries).toHaveLength(WAITING + 1);
});

it('one log line says that the lane was held and one that it resumed, not one per verification', () => {
  const linesWith = (text: string) => chain.log.lines.filter(({ msg }) => msg?.startsWith(text));
  expect(linesWith('Lane held')).toHaveLength(1);
  expect(linesWith('Lane resumed')).toHaveLength(1);
});

it('a verification that waits for a held lane can be seen with its place, and cancelled', async () => {
  chain.sandbox.reset();
  const first = await fallIntoArrears();
  const people = Array.from({ length: 5 }, makePerson);
  const submitted: Verification[] = [];
  for (const person of people) submitted.push(await chain.submit(person));
  for (const shown of submitted) expect(shown).toMatchObject({ status: 'held', estimatedCompletionAt: null });

  const held = await chain.call('/v1/verifications?status=held&limit=100');
  const { data } = (await held.json()) as { data: Verification[] };
  // All but the one that is the probe just now.
  const heldIds = new Set(data.map(({ id }) => id));
  expect(submitted.filter(({ id }) => !heldIds.has(id)).length).toBeLessThanOrEqual(1);
  for (const one of data) expect(one).toMatchObject({ estimatedCompletionAt: null });
  const queued = await chain.call('/v1/verifications?status=queued');
  expect(await queued.json()).toEqual({ data: [], nextCursor: null });

  // The last in line is not the next probe.
  const last = submitted.at(-1) as Verification;
  // Without a place for as long as it is the one that is probed.
  const placeOfLast = async () => (await chain.verification(last.id)).position ?? 0;
  await expect.poll(placeOfLast, { timeout: 60_000 }).toBeGreaterThanOrEqual(submitted.length);
  const cancelled = await chain.call(`/v1/verifications/${last.id}`, { method: 'DELETE' });
  expect(cancelled.status).toBe(200);
  expect(await cancelled.json()).toMatchObject({ status: 'cancelled', position: null });

  chain.sandbox.script('*', []);
  await Promise.all([first, ...submitted.slice(0, -1)].map(({ id }) => chain.receiver.eventOf(id)));
  expect(chain.sandbox.calls(people.at(-1)?.idCard ?? '').calls).toBe(0);
  expect(chain.receiver.accepted.has(last.id)).toBe(false);
});
