import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Veriqueue } from '../../client/veriqueue.ts';
import { readReceipt } from '../../shared/receipts/erasure-receipt.ts';
import { finishVerification } from '../../shared/store/verifications/finish.ts';
import { runCli } from '../cli/run-cli.ts';
import { makeSigningKey } from '../shared/audit/trail-edits.ts';
import { makeFinishing, storeOf } from '../support/records.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from './producer-under-test.ts';

const signing = makeSigningKey();
let redis: TestRedis;
let producer: ProducerUnderTest;
let veriqueue: Veriqueue;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url, { environment: { SIGNING_KEYS: signing.text } });
  veriqueue = new Veriqueue({ url: producer.url, apiKey: producer.client.apiKey });
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

const problemOf = async (path: string, as = producer.client) => {
  const answer = await producer.call(path, { as });
  return [answer.status, (await readProblem(answer)).code];
};
const whatOf = ({ deleted }: { readonly deleted: readonly { readonly what: string }[] }) =>
  deleted.map(({ what }) => what);
const SUBJECT = ['data_key', 'id_number_and_name', 'photo'];

describe('an erasure receipt', () => {
  test('is refused while the photo waits, and for a verification that is unknown or of another client', async () => {
    const { id } = await producer.submitted();
    expect(await problemOf(`/v1/verifications/${id}/receipt`)).toEqual([409, 'subject_kept']);
    const other = await producer.addClient();
    expect(await problemOf(`/v1/verifications/${id}/receipt`, other)).toEqual([404, 'not_found']);
    expect(await problemOf('/v1/verifications/x/receipt')).toEqual([404, 'not_found']);
  });

  test('states when the photo of an answered verification was deleted: with its outcome', async () => {
    const { id } = await producer.submitted();
    const store = storeOf(producer.redis, producer.keys);
    const finishing = makeFinishing(id, { clientId: producer.client.clientId });
    await finishVerification(store, finishing);
    const { statement, receipt } = await veriqueue.receipt(id);
    const { outcome } = await veriqueue.get(id);
    expect(statement).toMatchObject({
      ...{ verification: id, clientId: producer.client.clientId, lane: producer.keys.lane },
      ...{ reason: 'answered', photoObject: 'none' },
      deleted: SUBJECT.map((what) => ({ what, at: outcome?.completedAt })),
    });
    expect(await producer.redis.exists(producer.keys.subject(id))).toBe(0);
    expect(readReceipt(signing.keys, receipt)).toEqual({
      ...{ status: 'verified', keyId: signing.key.id, statement },
    });
  });

  test('of a cancelled one states when, and is the same after it was erased, with the record', async () => {
    const { id } = await producer.submitted();
    await veriqueue.cancel(id);
    const { statement: cancelled } = await veriqueue.receipt(id);
    expect([cancelled.reason, whatOf(cancelled)]).toEqual(['cancelled', SUBJECT]);
    await veriqueue.cancel(id, { erase: true });
    const { statement: erased } = await veriqueue.receipt(id);
    expect([erased.reason, whatOf(erased)]).toEqual(['erased_by_client', [...SUBJECT, 'record']]);
    expect(erased.deleted.slice(0, 3)).toEqual(cancelled.deleted);
    // Without an object store there never was a copy.
    expect([cancelled.photoObject, erased.photoObject]).toEqual(['none', 'none']);
    expect(await problemOf(`/v1/verifications/${id}`)).toEqual([404, 'not_found']);
  });

  test('is verified offline by the command line, and one that was changed is refused', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'veriqueue-receipt-'));
    try {
      const { id } = await producer.submitted();
      await veriqueue.cancel(id, { erase: true });
      const { receipt, statement } = await veriqueue.receipt(id);
      const [file = '', changed = '', keys = '', answer = '', other = ''] = [
        ...['receipt', 'changed', 'keys', 'answer', 'other'].map((name) => join(folder, name)),
      ];
      const [head = '', body = '', signature = ''] = receipt.split('.');
      const edited = Buffer.from(body, 'base64url').toString().replace('erased_by_client', 'answered');
      await writeFile(file, `${receipt}\n`);
      await writeFile(changed, `${head}.${Buffer.from(edited).toString('base64url')}.${signature}`);
      await writeFile(keys, JSON.stringify(await veriqueue.keySet()));
      const verified = await runCli(['receipt', 'verify', file, '--keys', keys], {});
      expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining(id)]);
      const refused = await runCli(['receipt', 'verify', changed, '--keys', keys], {});
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('is not what')]);
      // As the API answers and the console saves it, also when an editor put a byte order mark before it.
      await writeFile(answer, `\ufeff${JSON.stringify({ statement, receipt }, null, 2)}`);
      const whole = await runCli(['receipt', 'verify', answer, '--keys', keys], {});
      expect([whole.code, whole.stdout]).toEqual([0, verified.stdout]);
      await writeFile(other, JSON.stringify({ receipt, statement: { ...statement, reason: 'answered' } }));
      const wrong = await runCli(['receipt', 'verify', other, '--keys', keys], {});
      expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('not the one that was signed')]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test('a deployment without signing keys says that it signs no receipts', async () => {
  const other = await startProducerUnderTest(redis.url);
  try {
    const { id } = await other.submitted();
    const answer = await other.call(`/v1/verifications/${id}/receipt`);
    expect([answer.status, (await readProblem(answer)).code]).toEqual([409, 'receipts_not_offered']);
  } finally {
    await other.close();
  }
});
