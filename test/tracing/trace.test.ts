import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Verification } from '../../shared/contract/verification.ts';
import { makeCanary } from '../privacy/canary.ts';
import { needles } from '../privacy/findings.ts';
import { searchLeaks } from '../privacy/leak-search.ts';
import { readKeys } from '../privacy/redis-contents.ts';
import type { Delivery } from '../support/webhook-receiver.ts';
import { CALLBACK_TOKEN, type ProcessChain, startProcessChain } from './process-chain.ts';
import { type CollectedSpan, startTraceCollector, type TraceCollector } from './trace-collector.ts';

const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };
const SUBMISSION = 'POST /v1/verifications';
const REDELIVERY = 'POST /v1/verifications/:id/redeliver';

/** A caller's trace, as its `traceparent` names it. A new one for each try: what failed shall not be in it. */
const makeCaller = () => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
});
let caller = makeCaller();
let unsampledCaller = makeCaller();

let chain: ProcessChain;
let collector: TraceCollector;
let flaky: Verification;
let refusedOnce: Verification;
let unsampled: Verification;
let malformed: Verification;
let storedWhileWaiting: Awaited<ReturnType<typeof readKeys>>;
const waitingOptions: Record<string, unknown>[] = [];
const ends: string[] = [];

beforeAll(async () => {
  [chain, collector] = await Promise.all([startProcessChain(), startTraceCollector()]);
  const environment = {
    LOG_LEVEL: 'trace',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
  const producer = await chain.startProducer(environment);
  await submitAll();
  await lookAtWaitingJobs();
  const worker = await chain.startWorker({ ...environment, OTEL_SERVICE_NAME: 'faces' });
  await deliverAll();
  // A process that ends sends what it has: from here on nothing is missing.
  await Promise.all([producer.stop(), worker.stop()]);
  ends.push(await producer.ended, await worker.ended);
}, 240_000);

afterAll(async () => {
  await chain?.stop();
  await collector?.close();
});

async function submitAll(): Promise<void> {
  const person = makeCanary();
  chain.sandbox.script(person.idCard, [{ code: 'FailedOperation.CompareSystemError' }, {}]);
  flaky = await chain.submit(person, () => {
    caller = makeCaller();
    return {
      traceparent: `00-${caller.traceId}-${caller.spanId}-01`,
      // Free text of the caller's, in which anything can stand.
      tracestate: `shop=${person.idCard}`,
      baggage: `person=${person.idCard},name=${encodeURIComponent(person.name)}`,
    };
  });
  refusedOnce = await chain.submit(makeCanary());
  unsampled = await chain.submit(makeCanary(), () => {
    unsampledCaller = makeCaller();
    return { traceparent: `00-${unsampledCaller.traceId}-${unsampledCaller.spanId}-00` };
  });
  malformed = await chain.submit(makeCanary(), () => ({ traceparent: person.idCard }));
  const { status } = await chain.call('/v1/verifications', () => ({
    method: 'POST',
    body: JSON.stringify({ idCard: person.idCard }),
    headers: { 'content-type': 'application/json' },
  }));
  expect(status).toBe(422);
  const stranger = await chain.call('/v1/verifications', () => ({
    method: 'POST',
    headers: { authorization: 'Bearer vq_nobody' },
  }));
  expect(stranger.status).toBe(401);
  await chain.call(`/v1/verifications/${flaky.id}`);
}

async function lookAtWaitingJobs(): Promise<void> {
  storedWhileWaiting = await readKeys(chain.redis);
  for (const name of [chain.keys.verificationQueue, chain.keys.deliveryQueue]) {
    const queue = new Queue(name, { connection: chain.redis, prefix: chain.keys.queuePrefix });
    const raw = await chain.redis.hget(queue.toKey(flaky.id), 'opts');
    waitingOptions.push(JSON.parse(raw ?? '{}') as Record<string, unknown>);
    await queue.close();
  }
}

async function deliverAll(): Promise<void> {
  const redelivered = new Promise<void>((resolve) => {
    chain.receiver.answerWith(({ event, nth }: Delivery) => {
      if (event.data.id === flaky.id && nth === 2) resolve();
      return event.data.id === refusedOnce.id && nth === 1 ? 500 : 204;
    });
  });
  const all = [flaky, refusedOnce, unsampled, malformed];
  await Promise.all(all.map(({ id }) => chain.receiver.eventOf(id)));
  await untilDelivered(flaky.id);
  const answer = await chain.call(`/v1/verifications/${flaky.id}/redeliver`, () => ({ method: 'POST' }));
  expect(answer.status).toBe(202);
  await redelivered;
}

/** The receiver has answered before the worker has written that down. */
async function untilDelivered(id: string): Promise<void> {
  await vi.waitFor(
    async () => {
      const answer = await chain.call(`/v1/verifications/${id}`);
      expect(((await answer.json()) as Verification).delivery.status).toBe('delivered');
    },
    { interval: 20, timeout: 60_000 },
  );
}

const spansOf = ({ id }: Verification) =>
  collector.spans.filter(({ attributes }) => attributes['veriqueue.verification.id'] === id);

/** The whole trace of a submission, the redelivery's not included. */
function traceOf(verification: Verification): readonly CollectedSpan[] {
  const first = spansOf(verification).find(({ name }) => name === SUBMISSION);
  return collector.spans.filter(({ traceId }) => traceId === first?.traceId);
}

function named(spans: readonly CollectedSpan[], name: string): readonly CollectedSpan[] {
  return spans.filter((span) => span.name === name).toSorted((a, b) => attemptOf(a) - attemptOf(b));
}

const attemptOf = ({ attributes }: CollectedSpan) => Number(attributes['veriqueue.attempt.number'] ?? 0);

function only(spans: readonly CollectedSpan[], name: string): CollectedSpan {
  const [span, ...others] = named(spans, name);
  if (span === undefined || others.length > 0) {
    throw new Error(`Cannot look at ${name}: there must be one span, received ${others.length + 1}`);
  }
  return span;
}

const deliveriesOf = ({ id }: Verification) =>
  chain.receiver.deliveries.filter(({ event }) => event.data.id === id);

describe('the trace of a verification', () => {
  it('goes from the submission over every attempt to the delivery', () => {
    expect(
      traceOf(flaky)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([
      'POST /v1/verifications',
      'POST ImageRecognitionV2',
      'POST ImageRecognitionV2',
      'POST callback',
      'addFlow deliveries',
      'process deliveries',
      'process verifications',
      'process verifications',
      'wait for slot',
      'wait for slot',
    ]);
  });

  it("goes on from the caller's, in its spans' order", () => {
    const trace = traceOf(flaky);
    const submission = only(trace, SUBMISSION);
    const flow = only(trace, 'addFlow deliveries');
    expect(submission).toMatchObject({ traceId: caller.traceId, parentSpanId: caller.spanId });
    expect(flow.parentSpanId).toBe(submission.spanId);
    const work = [...named(trace, 'process verifications'), only(trace, 'process deliveries')];
    expect(work.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(flow.spanId));
    const calls = named(trace, 'POST ImageRecognitionV2');
    expect(calls.map(({ parentSpanId }) => parentSpanId).toSorted()).toEqual(
      named(trace, 'process verifications')
        .map(({ spanId }) => spanId)
        .toSorted(),
    );
    expect(
      named(trace, 'wait for slot')
        .map(({ parentSpanId }) => parentSpanId)
        .toSorted(),
    ).toEqual(calls.map(({ spanId }) => spanId).toSorted());
    expect(only(trace, 'POST callback').parentSpanId).toBe(only(trace, 'process deliveries').spanId);
  });

  it('says of each attempt what came of it', () => {
    const [first, second] = named(traceOf(flaky), 'POST ImageRecognitionV2');
    const { hostname, port } = new URL(chain.sandbox.url);
    expect(first).toMatchObject({
      kind: KIND.client,
      failed: true,
      attributes: {
        'http.request.method': 'POST',
        'server.address': hostname,
        'server.port': Number(port),
        'veriqueue.verification.id': flaky.id,
        'veriqueue.attempt.number': 1,
        'veriqueue.code': 'FailedOperation.CompareSystemError',
        'error.type': 'FailedOperation.CompareSystemError',
        'veriqueue.slot.wait_ms': expect.any(Number),
      },
    });
    expect(second).toMatchObject({
      failed: false,
      attributes: { 'veriqueue.attempt.number': 2, 'veriqueue.code': 'Success' },
    });
  });

  it('says what the submission and the work on it came to', () => {
    const trace = traceOf(flaky);
    expect(only(trace, SUBMISSION)).toMatchObject({
      kind: KIND.server,
      failed: false,
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/verifications',
        'http.response.status_code': 202,
        'veriqueue.verification.id': flaky.id,
      },
    });
    expect(only(trace, 'addFlow deliveries')).toMatchObject({
      kind: KIND.producer,
      attributes: { 'messaging.system': 'bullmq', 'messaging.operation.type': 'send' },
    });
    const [retried, finished] = named(trace, 'process verifications').toSorted(
      (a, b) => Number('veriqueue.verdict' in a.attributes) - Number('veriqueue.verdict' in b.attributes),
    );
    expect(retried).toMatchObject({ kind: KIND.consumer, attributes: { 'veriqueue.step': 'retry' } });
    expect(finished).toMatchObject({
      kind: KIND.consumer,
      attributes: {
        'messaging.destination.name': 'verifications',
        'messaging.operation.type': 'process',
        'veriqueue.step': 'finish',
        'veriqueue.verdict': 'match',
        'veriqueue.request_id': expect.any(String),
      },
    });
  });

  it('reaches the receiver as a traceparent that names the span of its own request', () => {
    const post = only(traceOf(flaky), 'POST callback');
    const [delivery] = deliveriesOf(flaky);
    expect(delivery?.headers['traceparent']).toBe(`00-${caller.traceId}-${post.spanId}-01`);
  });

  it('has a span per delivery attempt', () => {
    const [refused, accepted] = named(traceOf(refusedOnce), 'POST callback');
    expect(refused).toMatchObject({
      failed: true,
      attributes: { 'http.response.status_code': 500, 'error.type': '500', 'veriqueue.attempt.number': 1 },
    });
    expect(accepted).toMatchObject({
      failed: false,
      attributes: { 'http.response.status_code': 204, 'http.request.resend_count': 1 },
    });
    expect(deliveriesOf(refusedOnce).map(({ headers }) => headers['traceparent'])).toEqual(
      [refused, accepted].map((span) => `00-${span?.traceId}-${span?.spanId}-01`),
    );
  });

  it('is a new one for a caller without one, and for one whose traceparent cannot be read', () => {
    const traceIds = [refusedOnce, malformed].map((each) => only(traceOf(each), SUBMISSION));
    expect(traceIds.map(({ parentSpanId }) => parentSpanId)).toEqual(['', '']);
    expect(new Set([caller.traceId, ...traceIds.map(({ traceId }) => traceId)]).size).toBe(3);
    expect(named(traceOf(malformed), 'POST callback')).toHaveLength(1);
  });

  it('is not exported when the caller decided so, and is passed on all the same', () => {
    const { traceId } = unsampledCaller;
    expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
    expect(spansOf(unsampled)).toEqual([]);
    const [delivery] = deliveriesOf(unsampled);
    expect(delivery?.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('of a redelivery is that of the request for it', () => {
    const answered = spansOf(flaky).filter(({ failed }) => !failed);
    const request = only(answered, REDELIVERY);
    const trace = collector.spans.filter(({ traceId }) => traceId === request.traceId);
    expect(trace.map(({ name }) => name).toSorted()).toEqual([
      REDELIVERY,
      'POST callback',
      'addFlow deliveries',
      'process deliveries',
    ]);
    expect(deliveriesOf(flaky)[1]?.headers['traceparent']).toContain(request.traceId);
  });
});

describe('what is exported', () => {
  it('has nothing of a subject, nor of a callback beyond its host', () => {
    expect(searchLeaks(collector.bodies, needles)).toEqual([]);
    const text = collector.bodies.map(({ bytes }) => bytes.toString('utf8')).join('\n');
    expect(text).toContain(flaky.id);
    expect(text).not.toContain(CALLBACK_TOKEN);
    expect(text).not.toContain('/events');
  });

  it("takes nothing but the traceparent from the caller's headers into Redis and to the receiver", () => {
    expect(searchLeaks(storedWhileWaiting, needles)).toEqual([]);
    const { traceId } = caller;
    const flow = only(traceOf(flaky), 'addFlow deliveries');
    const carried = JSON.stringify({ traceparent: `00-${traceId}-${flow.spanId}-01` });
    expect(waitingOptions.map(({ tm }) => tm)).toEqual([carried, carried]);
    expect(carried.length).toBeLessThan(80);
    const [delivery] = deliveriesOf(flaky);
    expect(delivery?.headers).not.toHaveProperty('tracestate');
    expect(delivery?.headers).not.toHaveProperty('baggage');
  });

  it('has a refused submission with its problem, and neither a stranger’s request nor a read', () => {
    // A try that came to nothing because Redis was late is not what this is about.
    const requests = collector.spans.filter(
      ({ kind, attributes }) => kind === KIND.server && attributes['http.response.status_code'] !== 503,
    );
    expect(requests.map(({ attributes }) => attributes['http.response.status_code']).toSorted()).toEqual([
      202, 202, 202, 202, 422,
    ]);
    const refused = requests.find(({ attributes }) => attributes['http.response.status_code'] === 422);
    expect(refused).toMatchObject({
      failed: false,
      attributes: { 'veriqueue.problem': 'invalid_submission' },
    });
  });

  it('says which service it comes from, and the environment has the last word', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    const submission = only(traceOf(flaky), SUBMISSION).resource;
    expect(submission).toMatchObject({ 'service.name': 'veriqueue-producer', 'service.version': version });
    expect(only(traceOf(flaky), 'POST callback').resource).toMatchObject({ 'service.name': 'faces' });
    expect(Object.keys(submission).filter((name) => name.startsWith('process.'))).toEqual([]);
  });

  it('has no attribute that docs/tracing.md does not explain', () => {
    const documented = readFileSync('docs/tracing.md', 'utf8');
    const used = new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)));
    expect(used.size).toBeGreaterThan(15);
    for (const name of used) expect(documented).toContain(`\`${name}\``);
  });
});

it('lets both processes end in order', () => {
  expect(ends).toEqual(['producer ended with code 0', 'worker ended with code 0']);
});
