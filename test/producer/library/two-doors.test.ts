import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Producer, ProducerSubmission } from '../../../producer/library/open-producer.ts';
import type { Problem } from '../../../shared/contract/problem.ts';
import type { Verification } from '../../../shared/contract/verification.ts';
import type { ClientCredentials } from '../../../shared/store/clients/create-client.ts';
import {
  makeForm,
  makeIdCard,
  makeJpegOf,
  makePng,
  makeSubmission,
  testName,
} from '../submission-builder.ts';
import { openTwoDoors, type TwoDoors } from './library-under-test.ts';

let doors: TwoDoors;
beforeAll(async () => {
  doors = await openTwoDoors();
});
afterAll(() => doors?.close());

/** What both doors say, but for what two submissions never share. */
type Said = { readonly problem: Problem } | { readonly verification: Partial<Verification> };

function withoutOwn({ id, submittedAt, position, estimatedCompletionAt, ...same }: Verification) {
  expect([typeof id, typeof submittedAt, typeof position]).toEqual(['string', 'string', 'number']);
  expect(estimatedCompletionAt).not.toBeUndefined();
  return same;
}

function post(
  body: unknown,
  headers: Record<string, string> = {},
  as = doors.http.client,
): Promise<Response> {
  const request = { method: 'POST', as } as const;
  if (body instanceof FormData) return doors.http.call('/v1/verifications', { ...request, body, headers });
  const json = { ...headers, 'content-type': 'application/json' };
  return doors.http.call('/v1/verifications', { ...request, body: JSON.stringify(body), headers: json });
}

async function askHttp(body: unknown, as: ClientCredentials): Promise<Said> {
  const answer = await post(body, {}, as);
  if (answer.status === 202) return { verification: withoutOwn((await answer.json()) as Verification) };
  return { problem: (await answer.json()) as Problem };
}

async function askLibrary(producer: Producer, body: unknown): Promise<Said> {
  const outcome = await producer.submit(body as ProducerSubmission);
  return outcome.status === 'refused'
    ? { problem: outcome.problem }
    : { verification: withoutOwn(outcome.verification) };
}

const bodies: readonly (readonly [name: string, fields: Readonly<Record<string, unknown>>])[] = [
  ['a complete one', { reference: 'order-17', extra: 'kyc', priority: 'bulk' }],
  ['the least there may be', {}],
  [
    'an ID number with a wrong check digit',
    { idCard: `${makeIdCard().slice(0, 17)}${makeIdCard().endsWith('1') ? 2 : 1}` },
  ],
  ['an ID number that is a word, and no name', { idCard: 'number', name: '' }],
  ['a name in Latin letters', { name: 'Alice' }],
  ['a byte order mark before the name', { name: `\uFEFF${testName}` }],
  ['an extra that is too long', { extra: 'x'.repeat(11) }],
  ['a reference that holds the name', { reference: `for ${testName}` }],
  ['an empty reference', { reference: '' }],
  ['no such priority', { priority: 'now' }],
  ['a field that is not one', { shoe: 'size 43' }],
  ['a callback of another origin', { callbackUrl: 'https://elsewhere.example/' }],
  ['a callback that is no address', { callbackUrl: 'here' }],
  [
    'everything wrong at once',
    { idCard: '1', name: '?', extra: '', callbackUrl: 'x', priority: 'y', z: 'z' },
  ],
];

const photos: readonly (readonly [name: string, photo: Buffer])[] = [
  ['a photo that is no image', Buffer.from('no image')],
  ['an empty photo', Buffer.alloc(0)],
  ['a photo of one byte too many', makeJpegOf(2_359_297)],
  ['the largest photo', makeJpegOf(2_359_296)],
];

describe('a submission is answered alike by HTTP and by the library', () => {
  let client: ClientCredentials;
  let producer: Producer;
  beforeAll(async () => {
    client = await doors.http.addClient({ allowedOrigins: ['https://here.example'] });
    producer = await doors.open({ clientId: client.clientId });
  });

  test.each(bodies)('as Base64: %s', async (_name, fields) => {
    const body = { ...makeSubmission(), ...fields };
    expect(await askLibrary(producer, body)).toEqual(await askHttp(body, client));
  });

  test.each(bodies)('as bytes: %s', async (_name, fields) => {
    const { imageBase64: _, ...texts } = makeSubmission();
    const form = makeForm(fields as Record<string, string>);
    expect(await askLibrary(producer, { ...texts, ...fields, image: makePng() })).toEqual(
      await askHttp(form, client),
    );
  });

  test.each(photos)('as Base64 and as bytes: %s', async (_name, photo) => {
    const { imageBase64: _, ...texts } = makeSubmission();
    const base64 = { ...texts, imageBase64: photo.toString('base64') };
    expect(await askLibrary(producer, base64)).toEqual(await askHttp(base64, client));
    const form = makeForm({}, [['image', photo]]);
    expect(await askLibrary(producer, { ...texts, image: photo })).toEqual(await askHttp(form, client));
  });

  test.each<[string, unknown]>([
    ['nothing', null],
    ['a text', 'idCard'],
    ['a list', []],
    ['an empty object', {}],
    ['fields of other types', { idCard: 1, name: {}, imageBase64: [], reference: true }],
    ['no photo', { idCard: makeIdCard(), name: testName }],
  ])('without the shape of one: %s', async (_name, body) => {
    expect(await askLibrary(producer, body)).toEqual(await askHttp(body, client));
  });

  test('an image that is not bytes is refused by its name', async () => {
    const { imageBase64: _, ...texts } = makeSubmission();
    expect(await askLibrary(producer, { ...texts, image: 'photo.jpg' })).toMatchObject({
      problem: { code: 'invalid_submission', errors: [{ pointer: '/image', code: 'invalid_type' }] },
    });
  });

  test('an undefined field is one that is not there', async () => {
    const { imageBase64: _, ...texts } = makeSubmission();
    const body = { ...texts, image: makePng(), imageBase64: undefined, reference: undefined };
    expect(await askLibrary(producer, body)).toMatchObject({ verification: { reference: null } });
  });
});

describe('an Idempotency-Key', () => {
  const { idCard, name, imageBase64 } = makeSubmission();
  const texts = { idCard, name, reference: 'order-19' };
  const asBytes = { ...texts, image: Buffer.from(imageBase64, 'base64') };

  test('stands for what the library submitted when HTTP repeats it, as Base64 or as a form', async () => {
    const producer = await doors.open();
    const first = await producer.submit(asBytes, { idempotencyKey: 'library-first' });
    if (first.status !== 'accepted') throw new Error(inspect(first));
    for (const body of [{ ...texts, imageBase64 }, makeForm({ ...texts }, [['image', asBytes.image]])]) {
      const repeat = await post(body, { 'idempotency-key': 'library-first' });
      expect([repeat.status, repeat.headers.get('idempotent-replayed')]).toEqual([202, 'true']);
      expect(((await repeat.json()) as Verification).id).toBe(first.verification.id);
    }
  });

  test('stands for what HTTP submitted when the library repeats it', async () => {
    const producer = await doors.open();
    const answer = await post({ ...texts, imageBase64 }, { 'idempotency-key': 'http-first' });
    const { id } = (await answer.json()) as Verification;
    expect(await producer.submit(asBytes, { idempotencyKey: 'http-first' })).toMatchObject({
      status: 'replayed',
      verification: { id },
    });
    expect(
      await producer.submit({ ...asBytes, reference: 'order-20' }, { idempotencyKey: 'http-first' }),
    ).toMatchObject({ status: 'refused', problem: { code: 'idempotency_mismatch', status: 422 } });
  });

  test.each(['', 'x'.repeat(256), '键'])('that is not usable is refused: %#', async (idempotencyKey) => {
    const producer = await doors.open();
    expect(await producer.submit(asBytes, { idempotencyKey })).toMatchObject({
      status: 'refused',
      problem: { code: 'invalid_idempotency_key' },
    });
  });
});
