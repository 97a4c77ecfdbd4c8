import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  AuthenticationError,
  ConflictError,
  InvalidRequestError,
  type ListOptions,
  NotFoundError,
  type PhotoSource,
  type Submission,
  type Verification,
  Veriqueue,
} from '../../client/veriqueue.ts';
import { deliveryLogPage } from '../../shared/contract/delivery-log.ts';
import { laneOverview } from '../../shared/contract/lane.ts';
import { outcomesPage } from '../../shared/contract/outcomes.ts';
import { usageReport } from '../../shared/contract/usage.ts';
import { verification } from '../../shared/contract/verification.ts';
import { parseKeyRing } from '../../shared/sealing/key-ring.ts';
import { openSubject } from '../../shared/sealing/seal.ts';
import { joinPhoto } from '../../shared/store/subjects/photo-pieces.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, photo, photoBase64 } from '../support/person.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { answerJson, startScriptedServer } from './scripted-server.ts';

let redis: TestRedis;
let folder: string;
/** With a worker: verifications are answered. */
let chain: Chain;
/** Without one: they stay where they are. */
let idle: Chain;

const connect = ({ url, client }: Chain, apiKey = client.apiKey) => new Veriqueue({ url, apiKey });

beforeAll(async () => {
  [redis, folder] = await Promise.all([startTestRedis(), mkdtemp(join(tmpdir(), 'veriqueue-client-'))]);
  chain = await startChain({ redis });
  idle = await startChain({ redis, workers: 0 });
});
afterAll(async () => {
  await Promise.all([chain?.stop(), idle?.stop()]);
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

const makeSubmission = (overrides: Partial<Submission> = {}): Submission => ({
  ...makePerson(),
  photo,
  ...overrides,
});

async function collect(verifications: AsyncIterable<Verification>): Promise<Verification[]> {
  const all: Verification[] = [];
  for await (const one of verifications) all.push(one);
  return all;
}

const failureOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  );

async function openStored({ redis: connection, keys, environment }: Chain, id: string) {
  const ring = parseKeyRing(environment['VERIQUEUE_KEYS'] ?? '');
  const stored = await connection.hgetallBuffer(keys.subject(id));
  const sealedPhoto = joinPhoto(stored);
  if (!ring.ok || !stored['key'] || !stored['fields'] || !sealedPhoto) throw new Error('no sealed subject');
  const { key: wrappedKey, fields } = stored;
  const opening = openSubject(ring.keyRing, id, { wrappedKey, fields, photo: sealedPhoto });
  if (opening.status !== 'opened') throw new Error(opening.reason);
  return opening.subject;
}

describe('submit', () => {
  const forms: readonly (readonly [string, () => PhotoSource | Promise<PhotoSource>])[] = [
    [
      'a path',
      async () => {
        const path = join(folder, 'photo.jpg');
        await writeFile(path, photo);
        return path;
      },
    ],
    ['bytes', () => photo],
    ['a file stream', () => createReadStream('samples/robot-240x320.jpg')],
    ['a web stream', () => new Blob([new Uint8Array(photo)]).stream()],
    ['Base64', () => ({ base64: photoBase64 })],
  ];

  test.each(forms)('takes a photo given as %s, to the last byte', async (_, make) => {
    const submission = makeSubmission({ photo: await make() });
    const submitted = await connect(idle).submit(submission);
    expect(verification.parse(submitted.verification)).toMatchObject({ status: 'queued' });
    expect(submitted.replayed).toBe(false);
    const { idCard, name } = submission;
    expect(await openStored(idle, submitted.verification.id)).toEqual({ idCard, name, photo });
  });

  test('takes every option, as it is', async () => {
    const options = {
      reference: 'order "17"\r\n--veriqueue\r\n订单',
      extra: '"\r\n"',
      priority: 'bulk',
      callbackUrl: `${idle.receiver.url}?a=1&b="2"`,
    } as const;
    const { verification: shown } = await connect(idle).submit(makeSubmission(options));
    const { reference, extra, priority } = options;
    expect(shown).toMatchObject({ reference, extra, priority });
    const stored = await idle.redis.hget(idle.keys.record(shown.id), 'callbackUrl');
    expect(stored).toBe(new URL(options.callbackUrl).href);
  });

  test('gives the same verification for the same key, whichever form the photo has', async () => {
    const submission = makeSubmission({ idempotencyKey: 'order 17' });
    const first = await connect(idle).submit(submission);
    const again = await connect(idle).submit({ ...submission, photo: { base64: photoBase64 } });
    expect(again).toMatchObject({ verification: { id: first.verification.id }, replayed: true });
    const other = connect(idle).submit({ ...submission, reference: 'another' });
    expect(await failureOf(other)).toMatchObject({ code: 'idempotency_mismatch' });
  });

  test('gives two verifications where no key is given', async () => {
    const submission = makeSubmission();
    const ids = [await connect(idle).submit(submission), await connect(idle).submit(submission)];
    expect(new Set(ids.map(({ verification: { id } }) => id)).size).toBe(2);
  });

  test('says which field is wrong, in both forms', async () => {
    const bad = makeSubmission({ idCard: '123' });
    for (const form of [photo, { base64: 'data:x' }]) {
      const failure = await failureOf(connect(idle).submit({ ...bad, photo: form }));
      expect(failure).toBeInstanceOf(InvalidRequestError);
      expect(failure).toMatchObject({
        errors: expect.arrayContaining([
          expect.objectContaining({ pointer: '/idCard', code: 'id_card_length' }),
        ]),
      });
    }
  });

  test('waits as Retry-After asks while it is faster than its rate', async () => {
    const slow = await startChain({
      redis,
      workers: 0,
      environment: { CLIENT_RATE_PER_SECOND: '2', CLIENT_BURST: '1' },
    });
    const statuses: number[] = [];
    const watched: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      statuses.push(answer.status);
      return answer;
    };
    const veriqueue = new Veriqueue({ url: slow.url, apiKey: slow.client.apiKey, fetch: watched });
    const submitted = await Promise.all([1, 2, 3].map(() => veriqueue.submit(makeSubmission())));
    expect(new Set(submitted.map(({ verification: { id } }) => id)).size).toBe(3);
    expect(statuses).toEqual(expect.arrayContaining([202, 429]));
    await slow.stop();
  });
});

describe('a verification', () => {
  test('is waited for, and shown with its outcome', async () => {
    const veriqueue = connect(chain);
    const { verification: submitted } = await veriqueue.submit(makeSubmission());
    const final = await veriqueue.waitFor(submitted.id, { timeoutMs: 25_000 });
    expect(verification.parse(final)).toMatchObject({ status: 'completed', outcome: { verdict: 'match' } });
    expect(await veriqueue.get(submitted.id)).toMatchObject({ id: submitted.id, outcome: final.outcome });
  });

  test('is delivered, and delivered again', async () => {
    const veriqueue = connect(chain);
    const { verification: submitted } = await veriqueue.submit(makeSubmission());
    const delivered = (nth: number) =>
      chain.log.line((line) => line['step'] === 'delivered' && line.verification === submitted.id, { nth });
    await delivered(1);
    expect(deliveryLogPage.parse({ data: await veriqueue.deliveries(submitted.id) }).data).toHaveLength(1);
    expect(verification.parse(await veriqueue.redeliver(submitted.id)).id).toBe(submitted.id);
    await delivered(2);
    expect(await veriqueue.deliveries(submitted.id)).toHaveLength(2);
  });

  test('is cancelled while it waits, and can be waited for then', async () => {
    const veriqueue = connect(idle);
    const { verification: submitted } = await veriqueue.submit(makeSubmission());
    expect(await veriqueue.cancel(submitted.id)).toMatchObject({ id: submitted.id, status: 'cancelled' });
    expect(await veriqueue.waitFor(submitted.id)).toMatchObject({ status: 'cancelled' });
    expect(await failureOf(veriqueue.redeliver(submitted.id))).toBeInstanceOf(ConflictError);
  });

  test('is erased', async () => {
    const veriqueue = connect(idle);
    const { verification: submitted } = await veriqueue.submit(makeSubmission());
    expect(await veriqueue.cancel(submitted.id, { erase: true })).toBeNull();
    expect(await failureOf(veriqueue.get(submitted.id))).toBeInstanceOf(NotFoundError);
  });

  test('belongs to its client alone', async () => {
    const { verification: submitted } = await connect(idle).submit(makeSubmission());
    const stranger = connect(idle, (await idle.addClient()).apiKey);
    expect(await failureOf(stranger.get(submitted.id))).toBeInstanceOf(NotFoundError);
    const keyless = connect(idle, `vq_${'0'.repeat(72)}`);
    expect(await failureOf(keyless.get(submitted.id))).toBeInstanceOf(AuthenticationError);
  });
});

describe('list', () => {
  test('goes through all pages, newest first, each verification once', async () => {
    const as = await idle.addClient();
    const veriqueue = connect(idle, as.apiKey);
    const references = Array.from({ length: 105 }, (_, i) => `row-${i}`);
    for (const reference of references) await veriqueue.submit(makeSubmission({ reference }));
    const all = await collect(veriqueue.list());
    expect(all.map(({ reference }) => reference)).toEqual(references.toReversed());
    expect((await collect(veriqueue.list({ limit: 102 }))).map(({ id }) => id)).toEqual(
      all.slice(0, 102).map(({ id }) => id),
    );
    expect(await collect(veriqueue.list({ limit: 0 }))).toEqual([]);
  });

  test('asks by reference, by the code of the outcome, and by time', async () => {
    const veriqueue = connect(chain);
    const { verification } = await veriqueue.submit(makeSubmission({ reference: 'found again' }));
    const { outcome, submittedAt } = await veriqueue.waitFor(verification.id);
    const idsOf = async (options: ListOptions) =>
      (await collect(veriqueue.list(options))).map(({ id }) => id);
    const found = { reference: 'found again', code: outcome?.code, submittedFrom: submittedAt };
    expect(await idsOf(found)).toEqual([verification.id]);
    expect(await idsOf({ ...found, code: 'Other' })).toEqual([]);
    expect(await idsOf({ ...found, submittedBefore: new Date(submittedAt) })).toEqual([]);
    expect(await idsOf({ ...found, submittedFrom: new Date(Date.parse(submittedAt) + 1) })).toEqual([]);
  });

  test('goes on after a page without any, up to the last one', async () => {
    const page = (nextCursor: string | null) => answerJson(200, { data: [], nextCursor });
    const server = await startScriptedServer(page('c1'), page('c2'), page(null));
    try {
      expect(await collect(connect({ ...idle, url: server.url }).list({ code: 'Success' }))).toEqual([]);
      expect(server.requests.map(({ path }) => new URL(path, server.url).searchParams.get('cursor'))).toEqual(
        [...[null, 'c1', 'c2']],
      );
    } finally {
      await server.close();
    }
  });

  test('asks for one status', async () => {
    const veriqueue = connect(idle, (await idle.addClient()).apiKey);
    const { verification: kept } = await veriqueue.submit(makeSubmission());
    const { verification: dropped } = await veriqueue.submit(makeSubmission());
    await veriqueue.cancel(dropped.id);
    const idsOf = async (status: 'queued' | 'cancelled' | 'failed') =>
      (await collect(veriqueue.list({ status }))).map(({ id }) => id);
    expect([await idsOf('queued'), await idsOf('cancelled'), await idsOf('failed')]).toEqual([
      [kept.id],
      [dropped.id],
      [],
    ]);
  });
});

describe('the rest', () => {
  test('lane, outcomes and usage have the shape of the contract', async () => {
    const veriqueue = connect(chain);
    const { verification: submitted } = await veriqueue.submit(makeSubmission());
    const final = await veriqueue.waitFor(submitted.id);
    expect(laneOverview.parse(await veriqueue.lane()).status).toBe('running');
    expect(outcomesPage.parse({ data: await veriqueue.outcomes() }).data.length).toBeGreaterThan(28);
    const usage = usageReport.parse(await veriqueue.usage());
    expect(usage.data.map(({ code }) => code)).toContain(final.outcome?.code);
  });

  test('usage takes a period', async () => {
    const period = { from: '2030-01-01', to: '2030-01-02' };
    expect(await connect(idle).usage(period)).toMatchObject({ ...period, data: [] });
    const reversed = connect(idle).usage({ from: '2030-01-02', to: '2030-01-01' });
    expect(await failureOf(reversed)).toMatchObject({
      code: 'invalid_query',
      errors: [{ pointer: '/from' }],
    });
  });
});
