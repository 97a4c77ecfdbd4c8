import { expect, onTestFinished, test } from 'vitest';
import {
  ConflictError,
  type EventsOptions,
  type FeedEntry,
  UnavailableError,
  Veriqueue,
} from '../../client/veriqueue.ts';
import { feed, feedEvent } from '../../producer/openapi/examples.ts';
import { answerJson, answerProblem, drop, type Step, startScriptedServer } from './scripted-server.ts';

async function connect(options: { readonly maxRetries?: number }, ...steps: readonly Step[]) {
  const server = await startScriptedServer(...steps);
  onTestFinished(() => server.close());
  return { server, api: new Veriqueue({ url: server.url, apiKey: 'vq_0a1b2c', ...options }) };
}

async function collect(api: Veriqueue, options: EventsOptions = {}) {
  const all: FeedEntry[] = [];
  for await (const event of api.events(options)) all.push(event);
  return all;
}

const event = (sequence: number) => ({ ...feedEvent, sequence });
const page = (numbers: readonly number[], last: number) =>
  answerJson(200, { data: numbers.map(event), nextAfter: numbers.at(-1) ?? last, last });

test('events are read page after page, until all have come', async () => {
  const { api, server } = await connect({}, page([4, 5], 6), page([6], 6));
  expect(await collect(api, { after: 3, type: 'verification.completed' })).toEqual([4, 5, 6].map(event));
  const paths = server.requests.map(({ path }) => path);
  const query = (after: number) => `/v1/events?after=${after}&type=verification.completed&limit=500&wait=0`;
  expect(paths).toEqual([query(3), query(5)]);
});

test('events that are kept no more are one entry among the others', async () => {
  const { api } = await connect({}, answerJson(200, { ...feed, last: feed.nextAfter }));
  expect(await collect(api)).toEqual([{ type: 'events.gone', from: 4_030, sequence: 4_031 }, feedEvent]);
});

test('a page is asked for again when it got no answer', async () => {
  const { api, server } = await connect({}, drop, answerProblem('unavailable'), page([1], 1));
  expect(await collect(api)).toEqual([event(1)]);
  expect(server.requests).toHaveLength(3);
});

test('an outage ends a reading, and not a following', async () => {
  const outage = await connect({ maxRetries: 0 }, answerProblem('unavailable'));
  await expect(collect(outage.api)).rejects.toThrow(UnavailableError);
  const steps = [answerProblem('unavailable'), drop, page([1], 1), page([], 1), page([2], 2)];
  const { api, server } = await connect({ maxRetries: 0 }, ...steps);
  const seen: number[] = [];
  for await (const { sequence } of api.events({ follow: true })) {
    seen.push(sequence);
    if (sequence === 2) break;
  }
  expect(seen).toEqual([1, 2]);
  expect(server.requests.map(({ path }) => path)).toEqual(
    [0, 0, 0, 1, 1].map((after) => `/v1/events?after=${after}&limit=500&wait=15`),
  );
});

test('a number that was never given is an error, also to a following', async () => {
  const { api } = await connect({}, answerProblem('unknown_sequence'));
  const failure = collect(api, { after: 9, follow: true });
  await expect(failure).rejects.toThrow(ConflictError);
  await expect(failure).rejects.toMatchObject({ code: 'unknown_sequence' });
});

test('a following ends with the reason of its signal', async () => {
  const ending = new AbortController();
  const { api, server } = await connect({}, page([1], 1), () => undefined);
  const following = collect(api, { follow: true, signal: ending.signal });
  await server.received(2);
  ending.abort(new Error('enough'));
  await expect(following).rejects.toThrow('enough');
});
