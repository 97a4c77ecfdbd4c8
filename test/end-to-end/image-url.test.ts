import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Veriqueue } from '../../client/veriqueue.ts';
import { createPhotoFetcher } from '../../producer/submission/fetch-photo.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { Verification } from '../../shared/contract/verification.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, makeSubmission, photo, photoBase64 } from '../support/person.ts';
import { recordLog } from '../support/recorded-log.ts';

let chain: Chain;
let server: Server;
let origin: string;
/** What the origin was asked for. */
let asked: string[];
let answer: RequestListener;

const giveJpeg: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'content-type': 'image/jpeg' }).end(photo);

beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  chain = await startChain({ environment: { ALLOW_INSECURE_CALLBACKS: 'true' } });
  asked = [];
  answer = giveJpeg;
});
afterEach(() => {
  asked = [];
  answer = giveJpeg;
});
afterAll(async () => {
  await chain?.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const byUrl = (url: string, more: object = {}) => {
  const { imageBase64: _, ...fields } = makeSubmission(makePerson());
  return { ...fields, imageUrl: url, ...more };
};

const post = (body: unknown, headers: Record<string, string> = {}, as = chain.client) =>
  chain.call('/v1/verifications', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
    as,
  });

async function refusalOf(body: unknown, as = chain.client) {
  const refused = await post(body, {}, as);
  const { code, errors } = (await refused.json()) as Problem;
  return [refused.status, code, errors?.map((error) => `${error.pointer} ${error.code}`)];
}

describe('a photo by its URL', () => {
  test('is fetched once, is asked with, and its URL is kept nowhere', async () => {
    const url = `${origin}/faces/1.jpg?X-Amz-Signature=0123456789abcdef`;
    const accepted = await post(byUrl(url));
    expect(accepted.status).toBe(202);
    const { id } = (await accepted.json()) as Verification;
    expect((await chain.receiver.eventOf(id, 60_000)).data.outcome).toMatchObject({ verdict: 'match' });
    expect(asked).toEqual(['GET /faces/1.jpg?X-Amz-Signature=0123456789abcdef']);
    expect(JSON.stringify(chain.log.lines)).not.toContain('faces/1.jpg');
    expect(JSON.stringify(await chain.redis.hgetall(chain.keys.record(id)))).not.toContain('faces');
  });

  test('is submitted by the client package', async () => {
    const veriqueue = new Veriqueue({ url: chain.url, apiKey: chain.client.apiKey });
    const { verification } = await veriqueue.submit({ ...makePerson(), photo: { url: `${origin}/2.jpg` } });
    expect((await chain.receiver.eventOf(verification.id, 60_000)).data.outcome).toMatchObject({
      verdict: 'match',
    });
    expect(asked).toEqual(['GET /2.jpg']);
  });

  test('is found by a repeat under its Idempotency-Key also when it is gone', async () => {
    const body = byUrl(`${origin}/3.jpg`);
    const first = (await (await post(body, { 'idempotency-key': 'by-url' })).json()) as Verification;
    answer = (_request, response) => void response.writeHead(404).end();
    const again = await post(body, { 'idempotency-key': 'by-url' });
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
    expect(((await again.json()) as Verification).id).toBe(first.id);
    expect(asked).toHaveLength(1);
    const other = await post({ ...body, imageUrl: `${origin}/4.jpg` }, { 'idempotency-key': 'by-url' });
    expect(other.status).toBe(422);
  });

  test.each<[string, RequestListener, string]>([
    ['is missing', (_, response) => void response.writeHead(404).end(), 'image_url_status'],
    [
      'leads elsewhere',
      (_, response) => void response.writeHead(302, { location: '/other.jpg' }).end(),
      'image_url_status',
    ],
    [
      'is a page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      'image_url_type',
    ],
    [
      'is no photo',
      (_, response) => void response.writeHead(200, { 'content-type': 'image/jpeg' }).end('no photo'),
      'photo_format',
    ],
    [
      'is empty',
      (_, response) => void response.writeHead(200, { 'content-type': 'image/png' }).end(),
      'photo_empty',
    ],
    [
      'says that it is too large',
      (_, response) =>
        void response
          .writeHead(200, { 'content-type': 'image/jpeg', 'content-length': 2_359_297 })
          .flushHeaders(),
      'photo_too_large',
    ],
    [
      'grows without end',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'image/jpeg' });
        const more = () => {
          if (!response.destroyed) response.write(Buffer.alloc(500_000, 7), () => setImmediate(more));
        };
        more();
      },
      'photo_too_large',
    ],
    ['breaks off', (_, response) => void response.destroy(), 'image_url_unreachable'],
  ])('that %s is refused by its field, and nothing of it stays', async (_, listener, code) => {
    answer = listener;
    const waiting = await chain.redis.zcard(chain.keys.allIndex());
    const body = byUrl(`${origin}/x.jpg`);
    const refused = await post(body, { 'idempotency-key': `refused-${code}-${_}` });
    const problem = (await refused.json()) as Problem;
    expect([refused.status, problem.code]).toEqual([422, 'invalid_submission']);
    expect(problem.errors?.map((error) => [error.pointer, error.code])).toEqual([['/imageUrl', code]]);
    expect(asked).toHaveLength(1);
    expect(await chain.redis.zcard(chain.keys.allIndex())).toBe(waiting);
    answer = giveJpeg;
    expect((await post(body, { 'idempotency-key': `refused-${code}-${_}` })).status).toBe(202);
  });

  test('is refused before it is fetched where anything is wrong', async () => {
    const own = await chain.addClient({ allowedOrigins: ['https://photos.example'] });
    expect(await refusalOf(byUrl(`${origin}/x.jpg`), own)).toEqual([
      422,
      'invalid_submission',
      ['/imageUrl image_url_origin'],
    ]);
    expect(await refusalOf(byUrl('photos/x.jpg'))).toEqual([
      422,
      'invalid_submission',
      ['/imageUrl image_url_not_a_url'],
    ]);
    expect(await refusalOf(byUrl(`${origin}/x.jpg`, { imageBase64: photoBase64 }))).toEqual([
      422,
      'invalid_submission',
      ['/imageUrl photo_twice'],
    ]);
    const { imageBase64: _, ...without } = makeSubmission(makePerson());
    expect(await refusalOf(without)).toEqual([422, 'invalid_submission', ['/imageBase64 required']]);
    const [status, code] = await refusalOf(byUrl(`${origin}/x.jpg`, { name: '' }));
    expect([status, code]).toEqual([422, 'invalid_submission']);
    expect(asked).toEqual([]);
  });
});

test('a photo is fetched from no address of this network', async () => {
  const log = recordLog();
  const photos = createPhotoFetcher({ allowInsecure: false, log: log.logger });
  const hosts = ['127.0.0.1', '[::1]', '10.0.0.1', '169.254.169.254', '[::ffff:127.0.0.1]'];
  for (const host of hosts) {
    await expect(photos.fetch('cli_1', `https://${host}/x.jpg`)).rejects.toMatchObject({
      code: 'invalid_submission',
      errors: [{ pointer: '/imageUrl', code: 'image_url_unreachable' }],
    });
  }
  await expect(photos.fetch('cli_1', `${origin}/x.jpg`)).rejects.toMatchObject({
    code: 'invalid_submission',
  });
  await photos.close();
  expect(log.lines.filter(({ event }) => event === 'image_url_refused')).toHaveLength(hosts.length + 1);
  expect(asked).toEqual([]);
});

test('photos of one client that are slow to arrive leave room for those of others', async () => {
  const log = recordLog();
  const photos = createPhotoFetcher({ allowInsecure: true, log: log.logger });
  answer = () => undefined;
  const slow = Array.from({ length: 8 }, () =>
    photos.fetch('cli_1', `${origin}/slow.jpg`).catch(() => 'ended'),
  );
  await expect(photos.fetch('cli_1', `${origin}/x.jpg`)).rejects.toMatchObject({
    code: 'client_uploads_full',
  });
  await expect.poll(() => asked.length, { timeout: 60_000 }).toBe(8);
  answer = giveJpeg;
  expect((await photos.fetch('cli_2', `${origin}/x.jpg`)).equals(photo)).toBe(true);
  await photos.close();
  expect(await Promise.all(slow)).toEqual(Array(8).fill('ended'));
});
