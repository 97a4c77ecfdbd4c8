import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Veriqueue } from '../../client/veriqueue.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { PhotoUpload } from '../../shared/contract/upload.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, photo } from '../support/person.ts';
import { type S3StandIn, startS3StandIn } from '../support/s3-stand-in.ts';

let s3: S3StandIn;
let chain: Chain;
beforeEach(async () => {
  s3 = await startS3StandIn();
});
afterEach(async () => {
  await chain.stop();
  await s3.stop();
});

const start = async (workers = 1) => {
  chain = await startChain({ workers, environment: s3.environment });
};
const post = (path: string, body: unknown, headers: Record<string, string> = {}, as = chain.client) =>
  chain.call(path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    as,
  });

async function createUpload(bytes = photo.length): Promise<PhotoUpload> {
  const answer = await post('/v1/photos', { bytes });
  expect(answer.status).toBe(201);
  return (await answer.json()) as PhotoUpload;
}

/** As a device does it that has the address and nothing else. */
const send = ({ uploadUrl, headers }: PhotoUpload, bytes: Buffer = photo) =>
  fetch(uploadUrl, {
    method: 'PUT',
    headers: { 'content-type': headers['content-type'] ?? '' },
    body: new Uint8Array(bytes),
  });

const byId = (photoId: string, more: object = {}) => {
  const { imageBase64: _, ...fields } = makeSubmission(makePerson());
  return { ...fields, photoId, ...more };
};

async function refusalOf(answer: Promise<Response>) {
  const response = await answer;
  const { code, errors } = (await response.json()) as Problem;
  return [response.status, code, errors?.map((error) => `${error.pointer} ${error.code}`)];
}

describe('an upload', () => {
  test('is sent to the store, submitted once, sealed, and gone from where it was sent', async () => {
    await start(0);
    const upload = await createUpload();
    expect((await send(upload)).status).toBe(200);
    expect([...s3.objects.values()].some((bytes) => bytes.equals(photo))).toBe(true);
    const accepted = await post('/v1/verifications', byId(upload.photoId));
    expect(accepted.status).toBe(202);
    const { id } = (await accepted.json()) as Verification;
    expect(await refusalOf(post('/v1/verifications', byId(upload.photoId)))).toEqual([
      422,
      'invalid_submission',
      ['/photoId photo_id_unknown'],
    ]);
    await chain.addWorker();
    expect((await chain.receiver.eventOf(id, 60_000)).data.outcome).toMatchObject({ verdict: 'match' });
    await s3.holds(0);
  });

  test('is made and submitted by the client package', async () => {
    await start();
    const veriqueue = new Veriqueue({ url: chain.url, apiKey: chain.client.apiKey });
    const upload = await veriqueue.createUpload({ bytes: photo.length });
    expect((await send(upload)).status).toBe(200);
    const { verification } = await veriqueue.submit({
      ...makePerson(),
      photo: { photoId: upload.photoId },
    });
    expect((await chain.receiver.eventOf(verification.id, 60_000)).data.outcome).toMatchObject({
      verdict: 'match',
    });
  });

  test('takes exactly the bytes and the type that it was made for', async () => {
    await start(0);
    const upload = await createUpload();
    expect((await send(upload, Buffer.concat([photo, Buffer.alloc(1)]))).status).toBe(403);
    expect((await send({ ...upload, headers: { 'content-type': 'text/html' } })).status).toBe(403);
    expect((await send({ ...upload, uploadUrl: upload.uploadUrl.replace('pho_', 'phx_') })).status).toBe(403);
    expect(await refusalOf(post('/v1/photos', { bytes: 2_359_297 }))).toMatchObject([
      422,
      'invalid_submission',
      {},
    ]);
  });

  test('is its client’s alone, and stays usable after a submission that was refused', async () => {
    await start(0);
    const upload = await createUpload();
    const submit = (as = chain.client, headers = {}) =>
      post('/v1/verifications', byId(upload.photoId), headers, as);
    expect(await refusalOf(submit())).toEqual([422, 'invalid_submission', ['/photoId photo_id_missing']]);
    await send(upload);
    expect(await refusalOf(submit(await chain.addClient()))).toEqual([
      422,
      'invalid_submission',
      ['/photoId photo_id_unknown'],
    ]);
    s3.fail('PUT', { how: 'status', status: 403, code: 'AccessDenied' }, 1);
    expect((await submit()).status).toBe(503);
    await expect.poll(async () => (await submit()).status, { timeout: 60_000 }).toBe(202);
  });

  test('that is no photo is refused by its field', async () => {
    await start(0);
    const noPhoto = Buffer.from('no photo');
    const upload = await createUpload(noPhoto.length);
    await send(upload, noPhoto);
    expect(await refusalOf(post('/v1/verifications', byId(upload.photoId)))).toEqual([
      422,
      'invalid_submission',
      ['/photoId photo_format'],
    ]);
  });

  test('answers a repeat of its submission under the same Idempotency-Key', async () => {
    await start(0);
    const upload = await createUpload();
    await send(upload);
    const body = byId(upload.photoId);
    const key = { 'idempotency-key': 'upload-1' };
    const first = (await (await post('/v1/verifications', body, key)).json()) as Verification;
    const again = await post('/v1/verifications', body, key);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(((await again.json()) as Verification).id).toBe(first.id);
  });

  test('that is never submitted is deleted when its time is over', async () => {
    await start();
    const upload = await createUpload();
    await send(upload);
    const { redis, keys } = chain;
    expect(await redis.pttl(keys.upload(upload.photoId))).toBeGreaterThan(0);
    for (const photoAt of await redis.zrange(keys.photosExpected(), '0', '-1')) {
      await redis.zadd(keys.photosExpected(), 1, photoAt);
    }
    await s3.holds(0);
  });
});

test('an upload is offered by no deployment whose photos are in Redis', async () => {
  chain = await startChain({ workers: 0 });
  expect(await refusalOf(post('/v1/photos', { bytes: 1 }))).toEqual([409, 'uploads_not_offered', undefined]);
});
