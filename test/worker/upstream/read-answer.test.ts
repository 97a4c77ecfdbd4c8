import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveOutcome } from '../../../shared/outcomes/resolve-outcome.ts';
import { readAnswer, readServerTime } from '../../../worker/upstream/read-answer.ts';

const read = (body: string | Buffer, status = 200) =>
  readAnswer({ status, headers: {}, body: Buffer.isBuffer(body) ? body : Buffer.from(body) });
const readResponse = (response: unknown) => read(JSON.stringify({ Response: response }));

describe('a readable answer', () => {
  it('reads the success example of the API page', () => {
    expect(
      readResponse({
        Result: 'Success',
        Description: 'Success',
        Sim: 89.88,
        RequestId: 'f904f4cf-75db-4f8f-a5ec-dc4f942c7f7a',
      }),
    ).toEqual({
      status: 'result',
      code: 'Success',
      description: 'Success',
      sim: 89.88,
      extra: null,
      requestId: 'f904f4cf-75db-4f8f-a5ec-dc4f942c7f7a',
    });
  });

  it('reads the low-similarity example of the API page', () => {
    expect(
      readResponse({
        Description: 'Similarity comparison does not reach the pass standard',
        RequestId: 'e9e198e4-4fa8-49f0-a67e-f8053bc49201',
        Result: 'FailedOperation.CompareLowSimilarity',
        Sim: 26.04,
      }),
    ).toMatchObject({ status: 'result', code: 'FailedOperation.CompareLowSimilarity', sim: 26.04 });
  });

  it('reads an error into the same shape as a result', () => {
    expect(
      readResponse({
        Error: { Code: 'UnauthorizedOperation.Arrears', Message: 'in arrears' },
        RequestId: 'r',
      }),
    ).toEqual({
      status: 'result',
      code: 'UnauthorizedOperation.Arrears',
      description: 'in arrears',
      sim: null,
      extra: null,
      requestId: 'r',
    });
  });

  it.each<{ name: string; response: Record<string, unknown>; expected: Record<string, unknown> }>([
    {
      name: 'nothing but a result',
      response: { Result: 'Success' },
      expected: { sim: null, requestId: null },
    },
    {
      name: 'every other field null',
      response: {
        Result: 'Success',
        Description: null,
        Sim: null,
        Extra: null,
        RequestId: null,
        Error: null,
      },
      expected: { code: 'Success', description: null, sim: null, extra: null, requestId: null },
    },
    {
      name: 'a similarity in quotes',
      response: { Result: 'Success', Sim: '89.88' },
      expected: { sim: 89.88 },
    },
    { name: 'a similarity of zero', response: { Result: 'Success', Sim: 0 }, expected: { sim: 0 } },
    { name: 'an empty similarity', response: { Result: 'Success', Sim: '' }, expected: { sim: null } },
    { name: 'a similarity over 100', response: { Result: 'Success', Sim: 100.01 }, expected: { sim: null } },
    { name: 'a negative similarity', response: { Result: 'Success', Sim: -1 }, expected: { sim: null } },
    {
      name: 'a similarity of another type',
      response: { Result: 'Success', Sim: [1] },
      expected: { sim: null },
    },
    {
      name: 'a description of another type',
      response: { Result: 'Success', Description: 7 },
      expected: { description: null },
    },
    { name: 'an extra', response: { Result: 'Success', Extra: 'kyc' }, expected: { extra: 'kyc' } },
    {
      name: 'an error beside a result',
      response: { Result: 'Success', Error: { Code: 'InternalError' } },
      expected: { code: 'InternalError', description: null },
    },
    {
      name: 'a description with line breaks',
      response: { Result: 'Success', Description: ' a\r\nb\u0000 ' },
      expected: { description: 'a b' },
    },
    {
      name: 'a long description, which is cut only after the subject has been searched in it',
      response: { Result: 'Success', Description: 'x'.repeat(10_000) },
      expected: { description: 'x'.repeat(10_000) },
    },
    { name: 'half an emoji', response: { Result: 'Success', Extra: 'a\ud83d' }, expected: { extra: 'a' } },
    {
      name: 'fields unknown to us',
      response: { Result: 'Success', Encryption: {}, Deep: { a: [] } },
      expected: { code: 'Success' },
    },
  ])('copes with $name', ({ response, expected }) => {
    expect(readResponse(response)).toMatchObject({ status: 'result', ...expected });
  });
});

describe('the corpus of malformed answers', () => {
  const CORPUS: [name: string, body: string | Buffer, code: string][] = [
    ['nothing', '', 'Veriqueue.EmptyAnswer'],
    ['white space', ' \r\n\t ', 'Veriqueue.EmptyAnswer'],
    ['HTML', '<html><body>502</body></html>', 'Veriqueue.NotJson'],
    ['a cut object', '{"Response":{"Result":"Succ', 'Veriqueue.NotJson'],
    [
      'the missing comma of the API page',
      '{"Response":{"Description":"Success" "Sim":89.88}}',
      'Veriqueue.NotJson',
    ],
    ['two objects', '{"Response":{}}{"Response":{}}', 'Veriqueue.NotJson'],
    ['a byte order mark', '\ufeff{"Response":{"Result":"Success"}}', 'Veriqueue.NotJson'],
    ['NaN as similarity', '{"Response":{"Result":"Success","Sim":NaN}}', 'Veriqueue.NotJson'],
    ['random bytes', Buffer.from('fffe00017f80c3', 'hex'), 'Veriqueue.NotJson'],
    ['gzip', Buffer.from('1f8b08000000000000034b04', 'hex'), 'Veriqueue.NotJson'],
    ['deep nesting', '['.repeat(60_000), 'Veriqueue.NotJson'],
    ['deep nesting that closes', '['.repeat(30_000) + ']'.repeat(30_000), 'Veriqueue.UnexpectedAnswer'],
    ['null', 'null', 'Veriqueue.UnexpectedAnswer'],
    ['a number', '200', 'Veriqueue.UnexpectedAnswer'],
    ['a string', '"Success"', 'Veriqueue.UnexpectedAnswer'],
    ['an array', '[{"Response":{"Result":"Success"}}]', 'Veriqueue.UnexpectedAnswer'],
    ['an empty object', '{}', 'Veriqueue.UnexpectedAnswer'],
    ['a lower-case response', '{"response":{"Result":"Success"}}', 'Veriqueue.UnexpectedAnswer'],
    ['a null response', '{"Response":null}', 'Veriqueue.UnexpectedAnswer'],
    ['a response that is an array', '{"Response":["Success"]}', 'Veriqueue.UnexpectedAnswer'],
    ['an empty response', '{"Response":{}}', 'Veriqueue.UnexpectedAnswer'],
    ['a null result', '{"Response":{"Result":null}}', 'Veriqueue.UnexpectedAnswer'],
    ['a numeric result', '{"Response":{"Result":0}}', 'Veriqueue.UnexpectedAnswer'],
    ['an empty result', '{"Response":{"Result":""}}', 'Veriqueue.UnexpectedAnswer'],
    ['a result with white space', '{"Response":{"Result":"Success "}}', 'Veriqueue.UnexpectedAnswer'],
    [
      'a result that is a sentence',
      '{"Response":{"Result":"It worked out fine"}}',
      'Veriqueue.UnexpectedAnswer',
    ],
    [
      'a result with an ID number',
      '{"Response":{"Result":"A.B997316197707070018"}}',
      'Veriqueue.UnexpectedAnswer',
    ],
    ['a result in Chinese', '{"Response":{"Result":"成功"}}', 'Veriqueue.UnexpectedAnswer'],
    ['an endless result', `{"Response":{"Result":"${'A'.repeat(101)}"}}`, 'Veriqueue.UnexpectedAnswer'],
    ['a result for a log', '{"Response":{"Result":"A\\nlevel=error"}}', 'Veriqueue.UnexpectedAnswer'],
    [
      'a result that is an object',
      '{"Response":{"Result":{"Code":"Success"}}}',
      'Veriqueue.UnexpectedAnswer',
    ],
    ['an error without a code', '{"Response":{"Error":{"Message":"no"}}}', 'Veriqueue.UnexpectedAnswer'],
    [
      'an error with an empty code beside success',
      '{"Response":{"Error":{},"Result":"Success"}}',
      'Veriqueue.UnexpectedAnswer',
    ],
    ['the error of an older API', '{"code":4100,"message":"auth"}', 'Veriqueue.UnexpectedAnswer'],
  ];

  it.each(CORPUS)('types %s', (_name, body, code) => {
    expect(read(body)).toEqual({ status: 'unreadable', code, requestId: null });
  });

  it('keeps the request id of an answer without a result', () => {
    expect(readResponse({ RequestId: 'r-1' })).toMatchObject({
      code: 'Veriqueue.UnexpectedAnswer',
      requestId: 'r-1',
    });
  });

  it.each([
    [200, 'Veriqueue.EmptyAnswer'],
    [204, 'Veriqueue.HttpStatus'],
    [301, 'Veriqueue.HttpRefused'],
    [400, 'Veriqueue.HttpRejected'],
    [401, 'Veriqueue.HttpRefused'],
    [404, 'Veriqueue.HttpRefused'],
    [407, 'Veriqueue.HttpRefused'],
    [408, 'Veriqueue.HttpStatus'],
    [413, 'Veriqueue.HttpRejected'],
    [429, 'Veriqueue.HttpTooManyRequests'],
    [500, 'Veriqueue.HttpStatus'],
    [504, 'Veriqueue.HttpStatus'],
  ])('types HTTP status %i', (status, code) => {
    expect(read('', status)).toMatchObject({ status: 'unreadable', code });
  });
});

describe('any answer', () => {
  const field = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('Success', 'FailedOperation.UnKnown', 'toString', '__proto__', 'constructor'),
  );
  const response = fc.record(
    {
      Result: field,
      Error: fc.oneof(field, fc.record({ Code: field, Message: field })),
      Sim: field,
      Description: field,
      Extra: field,
      RequestId: field,
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
    fc.json().map((json) => Buffer.from(json)),
    response.map((value) => Buffer.from(JSON.stringify({ Response: value }))),
    fc
      .tuple(response, fc.nat())
      .map(([value, cut]) => JSON.stringify({ Response: value }).slice(0, cut))
      .map((json) => Buffer.from(json)),
  );

  it('ends in a typed outcome with a row', () => {
    fc.assert(
      fc.property(body, fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 999 })), (bytes, status) => {
        const answer = readAnswer({ status, headers: {}, body: bytes });
        expect(answer.code).toMatch(/^[A-Za-z0-9_.]{1,100}$/);
        expect(resolveOutcome(answer.code)).toMatchObject({ code: answer.code, kind: expect.any(String) });
        expect(status === 200 || answer.status === 'unreadable').toBe(true);
        if (answer.status === 'unreadable') return;
        expect(answer.sim === null || (answer.sim >= 0 && answer.sim <= 100)).toBe(true);
        for (const text of [answer.description, answer.extra, answer.requestId]) {
          expect(text === null || text.length > 0).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the server's time", () => {
  it.each([
    ['Thu, 01 Jan 2026 12:00:00 GMT', Date.UTC(2026, 0, 1, 12)],
    ['soon', null],
    [undefined, null],
    [['a', 'b'], null],
    [['soon', 'Thu, 01 Jan 2026 12:00:00 GMT', 'Fri, 02 Jan 2026 12:00:00 GMT'], Date.UTC(2026, 0, 1, 12)],
  ])('reads %s', (date, expected) => {
    expect(readServerTime({ status: 200, headers: { date }, body: Buffer.alloc(0) })).toBe(expected);
  });
});
