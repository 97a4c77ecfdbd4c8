import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { type ProducerUnderTest, readProblem, startProducerUnderTest } from '../producer-under-test.ts';
import { makeIdCard, makeJpegOf, testName } from '../submission-builder.ts';

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

interface Part {
  readonly headers: readonly string[];
  readonly value: string | Buffer;
}

const field = (name: string, value: string | Buffer, more: readonly string[] = []): Part => ({
  headers: [`Content-Disposition: form-data; name="${name}"`, ...more],
  value,
});
const photo = (value: Buffer = makeJpegOf(20_000), more: readonly string[] = []): Part => ({
  headers: ['Content-Disposition: form-data; name="image"; filename="photo.jpg"', ...more],
  value,
});
const person = () => [field('idCard', makeIdCard()), field('name', testName)];

function makeBody(
  parts: readonly Part[],
  { before = '', end = '\r\n--b--\r\n', after = '' }: { before?: string; end?: string; after?: string } = {},
): Buffer {
  const pieces = parts.flatMap(({ headers, value }, i) => [
    `${i === 0 ? '' : '\r\n'}--b\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    value,
  ]);
  return Buffer.concat([before, ...pieces, end, after].map((piece) => Buffer.from(piece)));
}

const send = (body: Buffer, contentType = 'multipart/form-data; boundary=b') =>
  producer.call('/v1/verifications', {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': contentType },
  });

async function refusal(answer: Response) {
  const { status, code, errors = [] } = await readProblem(answer);
  return [status, code, errors.map((error) => `${error.pointer} ${error.code}`)];
}

describe('a form is read', () => {
  test.each<[string, Buffer, string?]>([
    [
      'with text before and behind it',
      makeBody([...person(), photo()], { before: 'a\r\n', after: 'b\r\n--b' }),
    ],
    [
      'with spaces behind a boundary',
      Buffer.from(
        makeBody([...person(), photo()])
          .toString('latin1')
          .replace('--b\r\n', '--b \t\r\n'),
        'latin1',
      ),
    ],
    ['without a line break at its end', makeBody([...person(), photo()], { end: '\r\n--b--' })],
    [
      'with its boundary in quotes',
      makeBody([...person(), photo()]),
      'multipart/form-data; boundary="b"; charset=utf-8',
    ],
    [
      'with a photo that has line breaks and dashes at its end',
      makeBody([...person(), photo(Buffer.concat([makeJpegOf(20_000), Buffer.from('\r\n--\r\n-\r\n')]))]),
    ],
    [
      'with a photo of octets and no filename',
      makeBody([...person(), field('image', makeJpegOf(20_000), ['Content-Type: application/octet-stream'])]),
    ],
    [
      'with a filename that has quotes and semicolons',
      makeBody([
        ...person(),
        {
          headers: ['content-disposition: form-data; filename="a\\"; name=\\"x.jpg" ;name=image'],
          value: makeJpegOf(100),
        },
      ]),
    ],
    [
      'with a name in another charset that it declares',
      makeBody([
        field('idCard', makeIdCard()),
        field('name', Buffer.from('b2e2cad4bcd7', 'hex'), ['Content-Type: text/plain; charset=GBK']),
        photo(),
      ]),
    ],
    [
      'with its texts as JSON strings',
      makeBody([
        field('idCard', makeIdCard()),
        field('name', JSON.stringify(testName), ['Content-Type: application/json; charset=utf-8']),
        photo(),
      ]),
    ],
    [
      'with a header in two lines',
      makeBody([
        ...person(),
        {
          headers: ['Content-Disposition: form-data;\r\n name="image";\r\n\tfilename="a"'],
          value: makeJpegOf(100),
        },
      ]),
    ],
  ])('%s', async (_name, body, contentType) => {
    const answer = await send(body, contentType);
    expect([answer.status, await answer.text()]).toEqual([202, expect.stringContaining('ver_')]);
  });
});

describe('a form that is refused names the reason', () => {
  const big = makeJpegOf(40_000);
  test.each<[string, Buffer, unknown[]]>([
    [
      'a photo part without a filename',
      makeBody([...person(), field('image', big, ['Content-Type: image/jpeg'])]),
      [422, 'invalid_submission', ['/image photo_not_a_file']],
    ],
    [
      'a photo of megabytes without a filename',
      makeBody([...person(), field('image', makeJpegOf(2_000_000))]),
      [422, 'invalid_submission', ['/image photo_not_a_file']],
    ],
    [
      'a part that is an attachment',
      makeBody([
        ...person(),
        { headers: ['Content-Disposition: attachment; name="image"; filename="a.jpg"'], value: big },
      ]),
      [400, 'malformed_body', [' part_disposition']],
    ],
    [
      'a part that is inline',
      makeBody([...person(), { headers: ['Content-Disposition: inline; filename="a.jpg"'], value: big }]),
      [400, 'malformed_body', [' part_disposition']],
    ],
    [
      'a part without a disposition',
      makeBody([...person(), { headers: ['Content-Type: image/jpeg'], value: big }]),
      [400, 'malformed_body', [' part_disposition']],
    ],
    [
      'a part without headers',
      makeBody([...person(), { headers: [], value: big }]),
      [400, 'malformed_body', [' part_disposition']],
    ],
    [
      'a part without a name',
      makeBody([...person(), { headers: ['Content-Disposition: form-data; filename="a"'], value: big }]),
      [400, 'malformed_body', [' part_name']],
    ],
    [
      'a photo in Base64',
      makeBody([
        ...person(),
        photo(Buffer.from(big.toString('base64')), ['Content-Transfer-Encoding: base64']),
      ]),
      [400, 'malformed_body', [' part_encoding']],
    ],
    [
      'headers that never end',
      makeBody([...person(), { headers: [`X: ${'x'.repeat(20_000)}`], value: '' }]),
      [400, 'malformed_body', [' part_headers']],
    ],
    [
      'another boundary than it names',
      Buffer.from(
        makeBody([...person(), photo()])
          .toString('latin1')
          .replaceAll('--b', '--c'),
        'latin1',
      ),
      [400, 'malformed_body', [' form_breaks_off']],
    ],
    ['no end', makeBody([...person(), photo()], { end: '' }), [400, 'malformed_body', [' form_breaks_off']]],
    ['nothing at all', Buffer.alloc(0), [400, 'malformed_body', [' form_breaks_off']]],
    [
      'a hundred and more parts',
      makeBody(Array.from({ length: 120 }, (_, i) => field(`f${i}`, ''))),
      [400, 'malformed_body', [' too_many_parts']],
    ],
    [
      'a charset that does not exist',
      makeBody([
        field('idCard', makeIdCard()),
        field('name', testName, ['Content-Type: text/plain; charset=klingon']),
        photo(),
      ]),
      [422, 'invalid_submission', ['/name part_charset']],
    ],
    [
      'a text that says it is JSON and is none',
      makeBody([
        field('idCard', makeIdCard()),
        field('name', '"测', ['Content-Type: application/json']),
        photo(),
      ]),
      [422, 'invalid_submission', ['/name part_json']],
    ],
  ])('%s', async (_name, body, expected) => {
    expect(await refusal(await send(body))).toEqual(expected);
  });

  test.each([
    'multipart/form-data',
    'multipart/form-data; boundary=',
    `multipart/form-data; boundary=${'b'.repeat(71)}`,
  ])('no usable boundary: %s', async (contentType) => {
    expect(await refusal(await send(makeBody([photo()]), contentType))).toEqual([
      400,
      'malformed_body',
      [' form_boundary'],
    ]);
  });

  test('a form is taken by no other route', async () => {
    const answer = await producer.call('/v1/photos', {
      method: 'POST',
      body: new Uint8Array(makeBody([photo()])),
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
    });
    expect(answer.status).toBe(415);
  });
});

test('a form made to be hard to read costs no more than one that is long', async () => {
  const head = 'Content-Disposition: form-data; name="a';
  const hard = [
    '--b\r\n'.repeat(700_000),
    `--b\r\n${head}${'\\'.repeat(8_000)}`,
    `--b\r\n${head}"${';a="'.repeat(1_900)}\r\n\r\n`.repeat(90),
    `--b\r\n${head}"${'; a ='.repeat(1_500)}\r\n\r\nx\r\n`.repeat(90),
    `\r\n--b${' '.repeat(3_000_000)}`,
  ];
  for (const body of hard) {
    const began = process.cpuUsage();
    expect((await send(Buffer.from(body))).status).toBe(400);
    // With the test's own sending, some 10 ms on a quiet machine.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(1_000);
  }
});
