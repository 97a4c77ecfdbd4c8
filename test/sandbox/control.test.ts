import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/app.ts';
import { loadTestIdNumber } from '../../sandbox/id-number.ts';
import { people } from '../../sandbox/people.ts';
import { startSandbox } from './sandbox-under-test.ts';
import { ask, callApi, codeOf, question } from './signed-request.ts';

const SOMEONE = loadTestIdNumber(3);
const ANOTHER = loadTestIdNumber(4);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

async function get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(sandbox.url + path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function post(
  path: string,
  body: unknown = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(sandbox.url + path, { method: 'POST', body: text });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function codes(idCard: string, calls: number): Promise<(string | undefined)[]> {
  const answered: (string | undefined)[] = [];
  for (let call = 0; call < calls; call += 1) answered.push(codeOf(await ask(sandbox.port, idCard)));
  return answered;
}

describe('POST /sandbox/script', () => {
  it('sets the next answers about one person, one per call, and touches no other person', async () => {
    const results = ['FailedOperation.UnKnown', { code: 'InternalError', description: 'Scripted.' }];
    expect(await post('/sandbox/script', { idCard: SOMEONE, results })).toEqual({
      status: 200,
      body: { idCard: SOMEONE, results: 2 },
    });
    expect(await codes(ANOTHER, 1)).toEqual(['Success']);
    expect(await codes(SOMEONE, 3)).toEqual(['FailedOperation.UnKnown', 'InternalError', 'Success']);
  });

  it('sets similarity, place and missing fields', async () => {
    const results = [
      { sim: 12.5, omit: ['Description'] },
      { code: 'FailedOperation.IdNameMisMatch', carrier: 'error' },
    ];
    await post('/sandbox/script', { idCard: SOMEONE, results });
    expect(await ask(sandbox.port, SOMEONE)).toEqual({
      Result: 'Success',
      Sim: 12.5,
      RequestId: expect.any(String),
    });
    expect((await ask(sandbox.port, SOMEONE)).Error?.Code).toBe('FailedOperation.IdNameMisMatch');
  });

  it('is taken back by an empty one', async () => {
    await post('/sandbox/script', { idCard: SOMEONE, results: ['InternalError'] });
    await post('/sandbox/script', { idCard: SOMEONE, results: [] });
    expect(await codes(SOMEONE, 1)).toEqual(['Success']);
  });

  it('for "*" holds the whole account until it is taken back', async () => {
    await post('/sandbox/script', { idCard: '*', results: ['UnauthorizedOperation.Arrears'] });
    expect(await codes(SOMEONE, 2)).toEqual([
      'UnauthorizedOperation.Arrears',
      'UnauthorizedOperation.Arrears',
    ]);
    expect(await codes(ANOTHER, 1)).toEqual(['UnauthorizedOperation.Arrears']);
    await post('/sandbox/script', { idCard: '*', results: [] });
    expect(await codes(SOMEONE, 1)).toEqual(['Success']);
  });

  it('for "*" goes on from result to result and stays at the last', async () => {
    await post('/sandbox/script', { idCard: '*', results: ['InternalError', 'ServiceUnavailable'] });
    expect(await codes(SOMEONE, 3)).toEqual(['InternalError', 'ServiceUnavailable', 'ServiceUnavailable']);
  });

  it('leaves a person whose account is held their own script', async () => {
    sandbox.script('*', ['UnauthorizedOperation.Arrears']);
    sandbox.script(SOMEONE, ['FailedOperation.CompareFail']);
    expect(await codes(SOMEONE, 1)).toEqual(['UnauthorizedOperation.Arrears']);
    sandbox.script('*', []);
    expect(await codes(SOMEONE, 1)).toEqual(['FailedOperation.CompareFail']);
  });

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /expected object/],
    ['no person', { results: [] }, /^idCard: /],
    ['a person with a short number', { idCard: '99', results: [] }, /18-character ID number/],
    ['a number of a real division', { idCard: '110101199001010015', results: [] }, /test person/],
    ['no results', { idCard: SOMEONE }, /results/],
    ['a fault that does not exist', { idCard: SOMEONE, results: [{ fault: 'fire' }] }, /fault/],
    ['a code that is none', { idCard: SOMEONE, results: ['not a code!'] }, /must be an error code/],
    ['a similarity beyond 100', { idCard: SOMEONE, results: [{ sim: 101 }] }, /sim/],
    ['an unknown field', { idCard: SOMEONE, results: [{ delay: 3 }] }, /delay/],
  ])('is refused with a reason: %s', async (_what, order, reason) => {
    const { status, body } = await post('/sandbox/script', order);
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 400, title: 'The script is not valid' });
    expect(body['detail']).toMatch(reason);
  });
});

describe('GET /sandbox/stats', () => {
  it('counts what arrived and what it was answered', async () => {
    await codes(SOMEONE, 2);
    await callApi(sandbox.port, { secretKey: 'wrong' });
    const { body } = await get('/sandbox/stats');
    expect(body).toMatchObject({
      requests: 3,
      accepted: 2,
      rejected: 0,
      refused: 1,
      inLastMinute: 3,
      byCode: { 'AuthFailure.SignatureFailure': 1, Success: 2 },
    });
  });

  it('is not counted itself, and starts from nothing after a reset', async () => {
    await codes(SOMEONE, 1);
    expect((await post('/sandbox/reset')).body).toEqual({ reset: true });
    await get('/sandbox/people');
    const { body } = await get('/sandbox/stats');
    expect(body).toMatchObject({ requests: 0, maxInRollingSecond: 0, firstArrivalAt: null, byCode: {} });
  });
});

describe('GET /sandbox/calls', () => {
  it('lists what was asked about a person, and when', async () => {
    const before = Date.now();
    await codes(SOMEONE, 2);
    const { body } = await get(`/sandbox/calls?idCard=${SOMEONE}`);
    const [person] = body['people'] as { calls: number; recent: { at: number; code: string }[] }[];
    expect(person).toMatchObject({ calls: 2, recent: [{ code: 'Success' }, { code: 'Success' }] });
    expect(Math.abs((person?.recent[0]?.at ?? 0) - before)).toBeLessThan(5000);
  });

  it('lists everyone who was asked about', async () => {
    await codes(SOMEONE, 1);
    await codes(ANOTHER, 1);
    const { body } = await get('/sandbox/calls');
    expect(body['people']).toMatchObject([
      { idCard: SOMEONE, calls: 1 },
      { idCard: ANOTHER, calls: 1 },
    ]);
  });
});

describe('GET /sandbox/people', () => {
  it('lists everyone with what they are answered and where it stands', async () => {
    const { body } = await get('/sandbox/people');
    const listed = body['people'] as { idCard: string; results: { code: string; carrier: string }[] }[];
    expect(listed.map(({ idCard }) => idCard)).toEqual(people.map(({ idCard }) => idCard));
    const arrears = listed.find(({ results }) => results[0]?.code === 'UnauthorizedOperation.Arrears');
    expect(arrears?.results[0]?.carrier).toBe('error');
    const mismatch = listed.find(({ results }) => results[0]?.code === 'FailedOperation.IdNameMisMatch');
    expect(mismatch?.results[0]?.carrier).toBe('result');
  });
});

describe('the control interface', () => {
  it('serves the encryption keys', async () => {
    expect((await get('/sandbox/encryption-keys')).body).toEqual(sandbox.encryptionKeys());
  });

  it('answers 404 for what it does not have and 405 for the wrong method', async () => {
    expect((await get('/sandbox/nothing')).status).toBe(404);
    expect((await get('/elsewhere')).status).toBe(404);
    const wrong = await get('/sandbox/script');
    expect(wrong.status).toBe(405);
    expect(wrong.body['detail']).toBe('/sandbox/script does not take GET: use POST');
  });
});

describe('an answer', () => {
  it('carries the Extra of its question, and none where there was none', async () => {
    const payload = question(SOMEONE, undefined, { Extra: 'order-17' });
    expect((await callApi(sandbox.port, { payload })).Extra).toBe('order-17');
    expect(await ask(sandbox.port, SOMEONE)).not.toHaveProperty('Extra');
  });

  it('has a RequestId of its own', async () => {
    const [one, two] = [await ask(sandbox.port, SOMEONE), await ask(sandbox.port, SOMEONE)];
    expect(one.RequestId).not.toBe(two.RequestId);
  });

  it("carries the server's clock in its Date header", async () => {
    const ahead = await startSandbox({ now: () => Date.UTC(2030, 0, 1) });
    const response = await fetch(ahead.url, { method: 'POST', body: 'Action=x' });
    await ahead.close();
    expect(response.headers.get('date')).toBe('Tue, 01 Jan 2030 00:00:00 GMT');
  });
});
