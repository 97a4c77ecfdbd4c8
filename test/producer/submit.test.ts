import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verification } from '../../shared/contract/verification.ts';
import { openSubject } from '../../shared/sealing/seal.ts';
import { joinPhoto } from '../../shared/store/subjects/photo-pieces.ts';
import { readRecord } from '../../shared/store/verifications/read.ts';
import { recordAtomicSteps } from '../support/recorded-commands.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import {
  type ProducerUnderTest,
  readProblem,
  scanKeys,
  startProducerUnderTest,
} from './producer-under-test.ts';
import { makeForm, makeIdCard, makeJpegOf, makePng, makeSubmission, testName } from './submission-builder.ts';

const LARGEST_PHOTO = 2_359_296;

let redis: TestRedis;
let producer: ProducerUnderTest;

beforeAll(async () => {
  redis = await startTestRedis();
  producer = await startProducerUnderTest(redis.url);
});
afterAll(async () => {
  await producer?.close();
  await redis?.stop();
});

async function openStored(id: string) {
  const stored = await producer.redis.hgetallBuffer(producer.keys.subject(id));
  const { key: wrappedKey, fields } = stored;
  const photo = joinPhoto(stored);
  if (!wrappedKey || !fields || !photo) throw new Error('no sealed subject');
  const opening = openSubject(producer.settings.VERIQUEUE_KEYS, id, { wrappedKey, fields, photo });
  if (opening.status !== 'opened') throw new Error(opening.reason);
  return opening.subject;
}

describe('an accepted submission', () => {
  test('is answered 202 with its address, when to ask again, and the verification', async () => {
    const answer = await producer.submit(makeSubmission({ reference: 'order-17', extra: 'kyc' }));
    const body = verification.parse(await answer.json());
    expect(answer.status).toBe(202);
    expect(answer.headers.get('location')).toBe(`/v1/verifications/${body.id}`);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(body).toMatchObject({ status: 'queued', reference: 'order-17', extra: 'kyc', outcome: null });
    expect(body.position).toBeGreaterThanOrEqual(1);
  });

  test('costs Redis two steps of its own: its place is reserved, then it is accepted, and nothing is asked afterwards', async () => {
    await producer.submitted(makeSubmission({ idCard: makeIdCard(60) }));
    const recording = await recordAtomicSteps(producer.redis);
    const { id, position } = await producer.submitted(makeSubmission({ idCard: makeIdCard(61) }));
    const steps = (await recording.stop()).filter(({ words }) => words.some((word) => word.includes(id)));
    expect(steps.map(({ words }) => words[0]?.toLowerCase())).toEqual(['evalsha', 'multi']);
    const { queuePrefix, verificationQueue } = producer.keys;
    const rank = await producer.redis.zrank(`${queuePrefix}:${verificationQueue}:prioritized`, id);
    expect(position).toBe((rank ?? Number.NaN) + 1);
  });

  test('is in Redis as a record, a sealed subject that opens, and one job in each queue', async () => {
    const photo = makePng(16);
    const { id } = await producer.submitted(
      makeSubmission({ idCard: makeIdCard(2).replace('X', 'x'), imageBase64: photo.toString('base64') }),
    );
    const reading = await readRecord(producer.redis, producer.keys, id);
    expect(reading).toMatchObject({ status: 'found', record: { clientId: producer.client.clientId } });
    expect(await openStored(id)).toEqual({ idCard: makeIdCard(2), name: testName, photo });
    const { queuePrefix, verificationQueue, deliveryQueue } = producer.keys;
    expect(await producer.redis.zscore(`${queuePrefix}:${verificationQueue}:prioritized`, id)).not.toBeNull();
    expect(
      await producer.redis.zscore(`${queuePrefix}:${deliveryQueue}:waiting-children`, id),
    ).not.toBeNull();
  });

  test('keeps nothing of the person in clear anywhere in Redis', async () => {
    const photo = makeJpegOf(3000);
    const { id } = await producer.submitted(
      makeForm({ idCard: makeIdCard(3), name: '密文甲' }, [['image', photo]]),
    );
    const dump = await Promise.all(
      (await scanKeys(producer))
        .filter((key) => key.includes(id) || key.includes('events'))
        .map((key) => producer.redis.dumpBuffer(key)),
    );
    const all = Buffer.concat(dump.filter((bytes) => bytes !== null));
    expect(all.length).toBeGreaterThan(3000);
    for (const secret of [makeIdCard(3), '密文甲', photo.subarray(100, 140)]) {
      expect(all.includes(secret)).toBe(false);
    }
  });

  test('can come as a multipart form with the photo as a file', async () => {
    const photo = makeJpegOf(50_000);
    const { id, priority, reference } = await producer.submitted(
      makeForm({ priority: 'bulk', reference: 'form' }, [['image', photo]]),
    );
    expect({ priority, reference }).toEqual({ priority: 'bulk', reference: 'form' });
    expect((await openStored(id)).photo.equals(photo)).toBe(true);
  });

  test('may carry a photo of exactly the largest size, in both forms', async () => {
    const photo = makeJpegOf(LARGEST_PHOTO);
    const asJson = await producer.submit(makeSubmission({ imageBase64: photo.toString('base64') }));
    const asForm = await producer.submit(makeForm({}, [['image', photo]]));
    expect([asJson.status, asForm.status]).toEqual([202, 202]);
  });

  test('may name a callback only at an origin its client registered', async () => {
    const as = await producer.addClient({ allowedOrigins: ['https://hooks.example.com'] });
    const submitAs = (callbackUrl: string) =>
      producer.submit(makeSubmission({ callbackUrl }), { authorization: `Bearer ${as.apiKey}` });
    expect((await submitAs('https://hooks.example.com/v')).status).toBe(202);
    const refused = await submitAs('https://hooks.example.com.evil.test/v');
    expect(refused.status).toBe(422);
    expect((await readProblem(refused)).errors).toMatchObject([
      { pointer: '/callbackUrl', code: 'callback_origin' },
    ]);
  });
});

describe('a refused submission', () => {
  const png = makePng().toString('base64');
  const jsonCases: [string, unknown, number, string, string[]][] = [
    ['malformed JSON', '{"idCard": "1101', 400, 'malformed_body', []],
    ['an empty body', '', 400, 'malformed_body', []],
    ['a prototype in disguise', '{"__proto__": {"a": 1}}', 400, 'malformed_body', []],
    ['an array', [], 422, 'invalid_submission', [' invalid_type']],
    ['null', 'null', 422, 'invalid_submission', [' invalid_type']],
    [
      'nothing in it',
      {},
      422,
      'invalid_submission',
      ['/idCard required', '/name required', '/imageBase64 required'],
    ],
    [
      'wrong types',
      { idCard: 1, name: [], imageBase64: {} },
      422,
      'invalid_submission',
      ['/idCard invalid_type', '/name invalid_type', '/imageBase64 invalid_type'],
    ],
    [
      'an unknown field',
      { ...makeSubmission(), colour: 'red' },
      422,
      'invalid_submission',
      ['/colour unknown_field'],
    ],
    [
      'a value where a field name belongs',
      { ...makeSubmission(), [makeIdCard()]: '' },
      422,
      'invalid_submission',
      [' unknown_field'],
    ],
    [
      'texts that were not sent as UTF-8',
      makeSubmission({ name: '\uFFFD\uFFFD', reference: 'order \uFFFD', extra: '\uFFFD' }),
      422,
      'invalid_submission',
      ['/reference not_utf8', '/name name_not_utf8', '/extra extra_not_utf8'],
    ],
    [
      'fields of the wrong shape beside others with the wrong content',
      {
        ...makeSubmission({ idCard: '123', name: '张*', imageBase64: 'data:x', extra: '' }),
        ...{ priority: 'now', reference: 17, callbackUrl: 'hooks.example.com', colour: 'red' },
      },
      422,
      'invalid_submission',
      [
        '/reference invalid_type',
        '/priority invalid_value',
        '/colour unknown_field',
        '/idCard id_card_length',
        '/name name_mask',
        '/imageBase64 photo_data_uri',
        '/extra extra_length',
        '/callbackUrl callback_not_a_url',
      ],
    ],
    [
      'a missing photo beside an ID number in the reference',
      { idCard: makeIdCard(), name: testName, reference: makeIdCard() },
      422,
      'invalid_submission',
      ['/imageBase64 required', '/reference contains_subject'],
    ],
    [
      'an ID number in the reference beside a bad photo',
      makeSubmission({ reference: makeIdCard(), imageBase64: '' }),
      422,
      'invalid_submission',
      ['/imageBase64 photo_empty', '/reference contains_subject'],
    ],
    [
      'an unknown priority',
      makeSubmission({ priority: 'now' }),
      422,
      'invalid_submission',
      ['/priority invalid_value'],
    ],
    [
      'a reference that is too long',
      makeSubmission({ reference: 'r'.repeat(129) }),
      422,
      'invalid_submission',
      ['/reference too_large'],
    ],
    [
      'every subject field wrong',
      makeSubmission({ idCard: '123', name: ' ', imageBase64: 'data:x', extra: '' }),
      422,
      'invalid_submission',
      [
        '/idCard id_card_length',
        '/name name_empty',
        '/name name_space',
        '/imageBase64 photo_data_uri',
        '/extra extra_length',
      ],
    ],
    [
      'a photo a little too large',
      makeSubmission({ imageBase64: makeJpegOf(LARGEST_PHOTO + 3).toString('base64') }),
      422,
      'invalid_submission',
      ['/imageBase64 photo_too_large'],
    ],
    [
      'a callback that is no URL',
      makeSubmission({ callbackUrl: 'hooks.example.com' }),
      422,
      'invalid_submission',
      ['/callbackUrl callback_not_a_url'],
    ],
    [
      'a body far too large',
      makeSubmission({ imageBase64: makeJpegOf(LARGEST_PHOTO + 80_000).toString('base64') }),
      413,
      'body_too_large',
      [],
    ],
  ];

  test.each(jsonCases)('with %s says so', async (_name, body, status, code, errors) => {
    const before = await scanKeys(producer);
    const answer = await producer.submit(body);
    const problem = await readProblem(answer);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect([answer.status, problem.code]).toEqual([status, code]);
    const found = (problem.errors ?? []).map((error) => `${error.pointer} ${error.code}`);
    expect(found).toEqual(errors);
    expect(await scanKeys(producer)).toEqual(before);
  });

  const image: [string, Buffer] = ['image', makePng()];
  const formCases: [string, FormData, number, string[]][] = [
    ['no photo', makeForm({}, []), 422, ['/image required']],
    ['two photos', makeForm({}, [image, image]), 422, ['/image duplicate_field']],
    ['a file of another name', makeForm({}, [image, ['selfie', makePng()]]), 422, [' unknown_field']],
    ['an unknown field', makeForm({ colour: 'red' }), 422, ['/colour unknown_field']],
    [
      'fields of the wrong shape beside others with the wrong content',
      makeForm(
        { idCard: '123', name: '张*', extra: '', priority: 'now', callbackUrl: 'x', colour: 'red' },
        [],
      ),
      422,
      [
        '/priority invalid_value',
        '/colour unknown_field',
        '/image required',
        '/idCard id_card_length',
        '/name name_mask',
        '/extra extra_length',
        '/callbackUrl callback_not_a_url',
      ],
    ],
    [
      'a photo of another format beside a field of the wrong shape',
      makeForm({ priority: 'now' }, [['image', Buffer.from('GIF89a')]]),
      422,
      ['/priority invalid_value', '/image photo_format'],
    ],
    ['the photo as a text', makeForm({ imageBase64: png }), 422, ['/imageBase64 unknown_field']],
    ['a photo that is none', makeForm({}, [['image', Buffer.from('GIF89a')]]), 422, ['/image photo_format']],
    ['an empty photo', makeForm({}, [['image', Buffer.alloc(0)]]), 422, ['/image photo_empty']],
    [
      'a photo a little too large',
      makeForm({}, [['image', makeJpegOf(LARGEST_PHOTO + 1)]]),
      422,
      ['/image photo_too_large'],
    ],
    ['a photo far too large', makeForm({}, [['image', makeJpegOf(LARGEST_PHOTO + 80_000)]]), 413, []],
    ['a field far too long', makeForm({ name: 'n'.repeat(40_000) }), 422, ['/name too_large']],
    [
      'too many parts',
      makeForm(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, '']))),
      413,
      [],
    ],
    [
      'three photos',
      makeForm({}, [image, image, image]),
      422,
      ['/image duplicate_field', '/image duplicate_field'],
    ],
  ];

  test.each(formCases)('as a form with %s says so', async (_name, form, status, errors) => {
    const before = await scanKeys(producer);
    const answer = await producer.submit(form);
    const problem = await readProblem(answer);
    expect(answer.status).toBe(status);
    expect((problem.errors ?? []).map((error) => `${error.pointer} ${error.code}`)).toEqual(errors);
    expect(await scanKeys(producer)).toEqual(before);
  });

  test('as a form that names a field twice says so', async () => {
    const form = makeForm();
    form.append('name', '测试乙');
    const problem = await readProblem(await producer.submit(form));
    expect(problem.errors).toMatchObject([{ code: 'duplicate_field' }]);
  });

  test.each([
    [
      'a form that breaks off',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="idCard"\r\n\r\n1',
      400,
    ],
    ['a form without a boundary', 'multipart/form-data', 'x', 400],
    ['another type', 'text/xml', '<a/>', 415],
    ['plain text', 'text/plain', 'a', 415],
    ['a body in a type that is none', 'nonsense', 'a', 415],
    ['a problem document', 'application/problem+json', '{}', 415],
  ])('as %s says so', async (_name, type, body, status) => {
    const answer = await producer.submit(body, { 'content-type': type });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  });

  test('in a compressed body is 415, for nothing here unpacks', async () => {
    const answer = await producer.submit('{}', { 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
  });

  test('never hears a value of its own again', async () => {
    const marker = 'Zq7-marker';
    const bodies = [
      `{"idCard": "${marker}`,
      {
        ...makeSubmission({
          idCard: marker,
          name: `${marker}!`,
          extra: `${marker}-too-long`,
          priority: marker,
        }),
      },
      makeSubmission({ callbackUrl: `http://${marker}:x`, imageBase64: marker }),
      { ...makeSubmission(), [`${marker} `]: marker, 'a/b~c': marker },
      makeForm({ idCard: marker, [`x ${marker}`]: marker, priority: marker }),
    ];
    for (const body of bodies) {
      const answer = await producer.submit(body, { 'x-marker': marker });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(`${await answer.text()}${JSON.stringify([...answer.headers])}`).not.toContain(marker);
    }
  });

  test('leaves its connection fit for the next request, even when the body was refused unread', async () => {
    const large = 'x'.repeat(4_000_000);
    for (let i = 0; i < 5; i += 1) {
      const answer = await producer.submit(large);
      expect(answer.status).toBe(413);
      const unknown = await fetch(`${producer.url}/v1/verifications`, { method: 'POST', body: large });
      expect(unknown.status).toBe(401);
    }
    expect((await producer.submit()).status).toBe(202);
  });
});
