import { setTimeout as delay } from 'node:timers/promises';
import { typeid } from 'typeid-js';
import { z } from 'zod';
import { jsonText } from '../../contract/json-text.ts';
import { type TestDelivery, testDelivery } from '../../contract/test-delivery.ts';
import type { StoreKeys } from '../keys.ts';
import type { AtomicFlow } from '../queue/atomic-flow.ts';
import { storedJobData } from '../queue/job-data.ts';
import type { Redis } from '../redis/redis-client.ts';

/**
 * A client's test of a receiver: a producer asks, a worker sends. Producers have no keys that open a secret, and often no way out to
 * receivers. The request is a job before all other deliveries; without a worker, or with one of a version before, nothing comes of it.
 */
export interface TestRequest {
  readonly clientId: string;
  /** `callback`, or the id of an endpoint. */
  readonly receiver: string;
}

const requestJson = jsonText(z.object({ clientId: z.string(), receiver: z.string() }));

const answerJson = jsonText(
  z.discriminatedUnion('status', [
    /** There is no such receiver, or it has no address. */
    z.object({ status: z.literal('no_receiver') }),
    z.object({ status: z.literal('sent'), delivery: testDelivery }),
  ]),
);

export type TestAnswer = z.infer<typeof answerJson>;

/** Nothing is sent for a request that waited longer: its client does not wait any more. */
const WANTED_FOR_SECONDS = 20;
const ANSWER_KEPT_SECONDS = 60;

const TEST_ID = /^tev_[0-9a-z]{26}$/;

/** Whether the job of this id is a test event, and not about a verification. */
export const isTestEventId = (id: string): boolean => TEST_ID.test(id);

export const testWebhookId = (id: string): string => id.replace(/^tev_/, 'evt_');

/** @returns the id under which {@link readTestAnswer} finds what came of it */
async function askForTestEvent(
  { flow, keys }: { readonly flow: Pick<AtomicFlow, 'add'>; readonly keys: StoreKeys },
  request: TestRequest,
): Promise<string> {
  const id = typeid('tev').toString();
  const { clientId } = request;
  // Without a priority it comes before those that have one: a person waits for it.
  const job = {
    name: 'test',
    queueName: keys.deliveryQueue,
    data: storedJobData({ id, clientId }),
    opts: { jobId: id },
  };
  await flow.add(job, (transaction) =>
    transaction.set(keys.testEvent(id), JSON.stringify(request), 'EX', WANTED_FOR_SECONDS),
  );
  return id;
}

/** Takes a request, so that it is sent once; null when it is too old, or was taken. */
export async function takeTestRequest(
  redis: Redis,
  keys: StoreKeys,
  id: string,
): Promise<TestRequest | null> {
  const replies = await redis.multi().get(keys.testEvent(id)).del(keys.testEvent(id)).exec();
  const parsed = requestJson.safeParse(replies?.[0]?.[1]);
  return parsed.success ? parsed.data : null;
}

export async function answerTest(
  redis: Redis,
  keys: StoreKeys,
  id: string,
  answer: TestAnswer,
): Promise<void> {
  await redis.set(keys.testEventResult(id), JSON.stringify(answer), 'EX', ANSWER_KEPT_SECONDS);
}

/** Longer than a worker waits for a receiver, and shorter than a client does for an answer. */
const WAIT_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** Has a worker send a test event, and waits for what came of it. @returns null when no worker has sent it in time */
export async function requestTestEvent(
  deps: { readonly redis: Redis; readonly flow: Pick<AtomicFlow, 'add'>; readonly keys: StoreKeys },
  request: TestRequest,
): Promise<TestAnswer | null> {
  const id = await askForTestEvent(deps, request);
  const started = performance.now();
  while (performance.now() - started < WAIT_MS) {
    const answer = await readTestAnswer(deps.redis, deps.keys, id);
    if (answer !== null) return answer;
    await delay(LOOK_EVERY_MS);
  }
  return null;
}

/** What came of it, as the audit trail keeps it. */
export const describeTest = ({ accepted, status, errorClass }: TestDelivery): string =>
  accepted ? 'accepted' : String(status ?? errorClass);

/** Null: not yet. */
async function readTestAnswer(redis: Redis, keys: StoreKeys, id: string): Promise<TestAnswer | null> {
  const parsed = answerJson.safeParse(await redis.get(keys.testEventResult(id)));
  return parsed.success ? parsed.data : null;
}
