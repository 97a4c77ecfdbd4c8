import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/app.ts';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { people } from '../../sandbox/people.ts';
import { startSandbox } from './sandbox-under-test.ts';
import {
  type CallDetails,
  callApi,
  codeOf,
  exchange,
  question,
  signedCall,
  wireBytes,
} from './signed-request.ts';

/** In no table, hence a match under any name. */
const SOMEONE = loadTestIdNumber(0);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

async function refusal(details: CallDetails): Promise<readonly (string | undefined)[]> {
  const { Error: error } = await callApi(sandbox.port, details);
  return [error?.Code, error?.Message];
}

function asking(more: object): CallDetails {
  return { payload: question(SOMEONE, '测试甲子', more) };
}

function without(name: string): CallDetails {
  const entries = Object.entries(question(SOMEONE)).filter(([key]) => key !== name);
  return { payload: Object.fromEntries(entries) };
}

describe('a call that cannot be let through is answered with 200 and the reason', () => {
  it.each<[string, CallDetails, string, string]>([
    [
      'a clock ten minutes behind',
      { timestampS: Math.floor(Date.now() / 1000) - 600 },
      'AuthFailure.SignatureExpire',
      'Signature expired. Timestamp and server time cannot differ by more than five minutes. Please ensure your current local time matches the standard time.',
    ],
    [
      'no Authorization',
      { headers: { Authorization: undefined } },
      'AuthFailure.InvalidAuthorization',
      'The request `Authorization` header does not conform to tencentcloud standards: `TC3-HMAC-SHA256` not found.',
    ],
    [
      'no action',
      { headers: { 'X-TC-Action': undefined } },
      'MissingParameter',
      'The request is missing a required parameter `Action`.',
    ],
    [
      'no version',
      { headers: { 'X-TC-Version': undefined } },
      'MissingParameter',
      'The request is missing a required parameter `Version`.',
    ],
    [
      'another body than was signed',
      { body: '{}', payload: question(SOMEONE) },
      'AuthFailure.SignatureFailure',
      'The provided credentials could not be validated. Please check your signature is correct.',
    ],
    [
      'no IdCard',
      without('IdCard'),
      'MissingParameter',
      'The request is missing a required parameter `IdCard`.',
    ],
    ['no Name', without('Name'), 'MissingParameter', 'The request is missing a required parameter `Name`.'],
    [
      'a null photo',
      asking({ ImageBase64: null }),
      'MissingParameter',
      'The request is missing a required parameter `ImageBase64`.',
    ],
    [
      'a number as name',
      asking({ Name: 7 }),
      'InvalidParameter',
      'The value type of parameter `Name` is not valid. The parameter type should be `string`.',
    ],
    [
      'a parameter of another action',
      asking({ LivenessType: 'SILENT' }),
      'UnknownParameter',
      'The parameter `LivenessType` is not recognized.',
    ],
    [
      'a nested parameter that does not exist',
      asking({ Encryption: { EncryptList: [], CiphertextBlob: '', Iv: '', Key: '' } }),
      'UnknownParameter',
      'The parameter `Encryption.Key` is not recognized.',
    ],
    [
      'an incomplete Encryption',
      asking({ Encryption: { EncryptList: [], CiphertextBlob: '' } }),
      'MissingParameter',
      'The request is missing a required parameter `Encryption.Iv`.',
    ],
    [
      'an Extra of eleven characters',
      asking({ Extra: '零一二三四五六七八九十' }),
      'InvalidParameterValue',
      'The value specified in the parameter `Extra` is not valid.',
    ],
    ['a list', { payload: [] }, 'InvalidParameter', 'The request body is not a valid JSON object.'],
    [
      'a method that the protocol does not have',
      { method: 'PUT' },
      'UnsupportedProtocol',
      'HTTP(S) request protocol error; only GET and POST requests are supported.',
    ],
  ])('%s', async (_what, details, code, message) => {
    expect(await refusal(details)).toEqual([code, message]);
  });

  it('no JSON', async () => {
    const details = { payload: Buffer.from('not json'), body: 'not json' };
    expect(await refusal(details)).toEqual([
      'InvalidParameter',
      'The request body is not a valid JSON object.',
    ]);
  });

  it('more than 10 MiB', async () => {
    const body = 'x'.repeat(10 * 1024 * 1024 + 1);
    expect(await refusal({ body })).toEqual([
      'RequestSizeLimitExceeded',
      'The request size exceeds the upper limit.',
    ]);
  });

  it('a form that has a key without a value', async () => {
    const call = {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'Action',
    };
    const { received } = await exchange(sandbox.port, wireBytes(sandbox.port, call));
    expect(received).toContain('Url key and value should be splited by `=`.');
  });
});

describe('a question that the service finds fault with', () => {
  it.each([
    ['a wrong check digit', question('990001199001010014'), 'FailedOperation.IdFormatError'],
    ['fifteen digits', question('990001900101001'), 'FailedOperation.IdFormatError'],
    ['a birthday that never was', question('990001199002300012'), 'FailedOperation.IdFormatError'],
    ['an empty name', question(SOMEONE, ' '), 'FailedOperation.NameFormatError'],
    ['the name of someone else', question(people[1]?.idCard ?? '', '测试'), 'FailedOperation.IdNameMisMatch'],
    [
      'a photo with a data URI',
      question(SOMEONE, '测试甲子', { ImageBase64: 'data:image/png;base64,iVBO' }),
      'InvalidParameterValue',
    ],
    [
      'a GIF',
      question(SOMEONE, '测试甲子', { ImageBase64: Buffer.from('GIF89a......').toString('base64') }),
      'FailedOperation.LifePhotoDetectNoFaces',
    ],
  ])('%s', async (_what, payload, code) => {
    expect(codeOf(await callApi(sandbox.port, { payload }))).toBe(code);
  });

  it('is never repeated in an answer', async () => {
    const payload = question('990001199001010014', '不应回显', { Unknown: '不应回显' });
    const { received } = await exchange(
      sandbox.port,
      wireBytes(sandbox.port, signedCall(sandbox.port, { payload })),
    );
    expect(received).not.toContain('990001199001010014');
    expect(received).not.toContain('不应回显');
  });
});

describe('a content type', () => {
  it.each(['application/json', 'application/json; charset=utf-8'])('%s is taken', async (contentType) => {
    const response = await callApi(sandbox.port, { contentType, payload: question(SOMEONE) });
    expect(response.Result).toBe('Success');
  });

  it('multipart/form-data is refused, as this action does not take it', async () => {
    const contentType = 'multipart/form-data; boundary=x';
    expect(await refusal({ contentType, payload: question(SOMEONE) })).toEqual([
      'InvalidRequest',
      'The multipart format of the request body is incorrect.',
    ]);
  });
});
