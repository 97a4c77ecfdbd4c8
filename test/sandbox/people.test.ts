import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lowSim, matchingSim } from '../../sandbox/answer.ts';
import type { Sandbox } from '../../sandbox/app.ts';
import { isIdNumber, loadTestIdNumber } from '../../sandbox/id-number.ts';
import { people } from '../../sandbox/people.ts';
import { isReadable } from '../../sandbox/transmit.ts';
import { startSandbox } from './sandbox-under-test.ts';
import { ask, codeOf } from './signed-request.ts';

/** Section 6 of the API page of ImageRecognitionV2, 28 codes, copied by hand so as not to test the table with itself. */
const API_PAGE_CODES = [
  'FailedOperation.CompareFail',
  'FailedOperation.CompareLibServiceUnavailable',
  'FailedOperation.CompareLowSimilarity',
  'FailedOperation.CompareSystemError',
  'FailedOperation.DecryptSystemError',
  'FailedOperation.IdFormatError',
  'FailedOperation.IdNameMisMatch',
  'FailedOperation.IdNoExistSystem',
  'FailedOperation.IdPhotoNoExist',
  'FailedOperation.IdPhotoPoorQuality',
  'FailedOperation.IdPhotoSystemNoanswer',
  'FailedOperation.IdentityAuthLimitExceeded',
  'FailedOperation.LifePhotoDetectFaces',
  'FailedOperation.LifePhotoDetectFake',
  'FailedOperation.LifePhotoDetectNoFaces',
  'FailedOperation.LifePhotoPoorQuality',
  'FailedOperation.LifePhotoSizeError',
  'FailedOperation.NameFormatError',
  'FailedOperation.StsUnAuthErrError',
  'FailedOperation.UnKnown',
  'InvalidParameter',
  'InvalidParameter.UnsupportEncryptField',
  'InvalidParameterValue',
  'UnauthorizedOperation',
  'UnauthorizedOperation.Arrears',
  'UnauthorizedOperation.NonAuthorize',
  'UnauthorizedOperation.Nonactivated',
  'UnsupportedOperation',
];

/** "Common Error Codes" of the API 3.0 gateway, without those of the API page. */
const COMMON_CODES = [
  'ActionOffline',
  'AuthFailure.InvalidAuthorization',
  'AuthFailure.InvalidSecretId',
  'AuthFailure.MFAFailure',
  'AuthFailure.SecretIdNotFound',
  'AuthFailure.SignatureExpire',
  'AuthFailure.SignatureFailure',
  'AuthFailure.TokenFailure',
  'AuthFailure.UnauthorizedOperation',
  'DryRunOperation',
  'FailedOperation',
  'InternalError',
  'InvalidAction',
  'InvalidRequest',
  'IpInBlacklist',
  'IpNotInWhitelist',
  'LimitExceeded',
  'MissingParameter',
  'NoSuchProduct',
  'NoSuchVersion',
  'RequestLimitExceeded',
  'RequestLimitExceeded.GlobalRegionUinLimitExceeded',
  'RequestLimitExceeded.IPLimitExceeded',
  'RequestLimitExceeded.UinLimitExceeded',
  'RequestSizeLimitExceeded',
  'ResourceInUse',
  'ResourceInsufficient',
  'ResourceNotFound',
  'ResourceUnavailable',
  'ResponseSizeLimitExceeded',
  'ServiceUnavailable',
  'UnknownParameter',
  'UnsupportedProtocol',
  'UnsupportedRegion',
];

const [example, ...synthetic] = people;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

function personFor(code: string): { idCard: string; name: string } {
  const person = people.find(({ purpose }) => purpose === `Is answered ${code}`);
  if (person === undefined) throw new Error(`Cannot find a person who is answered ${code}`);
  return person;
}

function personCalled(purpose: string): { idCard: string; name: string } {
  const person = people.find((candidate) => candidate.purpose === purpose);
  if (person === undefined) throw new Error(`Cannot find the person "${purpose}"`);
  return person;
}

describe('every documented code is reached through a test person', () => {
  it('by its own person', async () => {
    const codes = [...API_PAGE_CODES, ...COMMON_CODES];
    const answered: (string | undefined)[] = [];
    for (const code of codes) {
      const { idCard, name } = personFor(code);
      answered.push(codeOf(await ask(sandbox.port, idCard, name)));
    }
    expect(answered).toEqual(codes);
  });

  it('once in Response.Result and once in Response.Error where it is a failed operation', async () => {
    const codes = API_PAGE_CODES.filter((code) => code.startsWith('FailedOperation.'));
    const answered: object[] = [];
    for (const code of codes) {
      const usual = personFor(code);
      const other = people.find(
        ({ idCard, purpose, results }) =>
          results.length === 1 &&
          results[0].code === code &&
          idCard !== usual.idCard &&
          purpose.startsWith(`Is answered ${code} in`),
      );
      const answers = [
        await ask(sandbox.port, usual.idCard, usual.name),
        await ask(sandbox.port, other?.idCard ?? '', other?.name),
      ];
      answered.push({
        results: answers.map(({ Result }) => Result).filter(Boolean),
        errors: answers.map(({ Error: error }) => error?.Code).filter(Boolean),
      });
    }
    expect(answered).toEqual(codes.map((code) => ({ results: [code], errors: [code] })));
  });
});

describe('the table of people', () => {
  it('holds no person twice', () => {
    expect(new Set(people.map(({ idCard }) => idCard)).size).toBe(people.length);
  });

  it('holds only numbers that pass every check and belong to no real person', () => {
    const unfit = synthetic.filter(
      ({ idCard, name }) =>
        !isIdNumber(idCard) || !idCard.startsWith('99') || !/^测试[甲-癸一-龥]{2}$/u.test(name),
    );
    expect(unfit).toEqual([]);
    expect(synthetic.length).toBeGreaterThan(100);
  });

  it('has the example of the API page, whose number fails its check digit', async () => {
    expect(isIdNumber(example?.idCard ?? '')).toBe(false);
    const answer = await ask(sandbox.port, '11204416541220243X', 'Wei Xiaobao');
    expect(answer).toMatchObject({ Result: 'Success', Sim: 89.88 });
  });

  it('answers everyone who has a code without a fault, with that code', async () => {
    for (const { idCard, name, results } of people) {
      const [first] = results;
      if (first.fault !== undefined || (first.latencyMs ?? 0) > 0) continue;
      expect(codeOf(await ask(sandbox.port, idCard, name))).toBe(first.code);
    }
  });

  it('has someone for every fault', () => {
    const met = new Set(people.flatMap(({ results }) => results.map(({ fault }) => fault)));
    expect([...met].filter((fault) => !isReadable(fault))).toHaveLength(10);
  });
});

describe('the course of a person', () => {
  it('goes on from call to call and stays at its end', async () => {
    const { idCard, name } = personCalled('Matches after two transient errors');
    const codes: (string | undefined)[] = [];
    for (let call = 0; call < 4; call += 1) codes.push(codeOf(await ask(sandbox.port, idCard, name)));
    const error = 'FailedOperation.CompareSystemError';
    expect(codes).toEqual([error, error, 'Success', 'Success']);
  });

  it('begins from its start after a reset', async () => {
    const { idCard, name } = personCalled('Matches after two transient errors');
    for (let call = 0; call < 3; call += 1) await ask(sandbox.port, idCard, name);
    sandbox.reset();
    expect(codeOf(await ask(sandbox.port, idCard, name))).toBe('FailedOperation.CompareSystemError');
  });

  it('may hold a fault and then an answer', async () => {
    const { idCard, name } = personCalled('First call: http_502; then matches');
    await expect(ask(sandbox.port, idCard, name)).rejects.toThrow(SyntaxError);
    expect(codeOf(await ask(sandbox.port, idCard, name))).toBe('Success');
  });

  it('may leave out what an answer need not have', async () => {
    const { idCard, name } = personCalled('Matches, with as few fields as an answer can have');
    const answer = await ask(sandbox.port, idCard, name);
    expect(Object.keys(answer).sort()).toEqual(['RequestId', 'Result']);
  });
});

describe('an ID number that may be a real person’s', () => {
  const real = ['110101199001010015', '310101199001010012', '440305200002290029', '110101200002290026'];

  it.each(real)('%s is refused by a code that is no finding about a person', async (idCard) => {
    expect(isIdNumber(idCard)).toBe(true);
    const { Error: error, Result: result, Sim: sim } = await ask(sandbox.port, idCard);
    expect({ code: error?.Code, result, sim }).toEqual({ code: 'InvalidParameterValue' });
    expect(error?.Message).toMatch(/sandbox.*test people only/);
    expect(sandbox.calls(idCard).calls).toBe(0);
  });

  it.each(real)('%s gets no match from a script either', async (idCard) => {
    sandbox.script('*', ['Success']);
    sandbox.script(idCard, ['Success']);
    expect(codeOf(await ask(sandbox.port, idCard))).toBe('InvalidParameterValue');
    sandbox.script('*', []);
    expect(codeOf(await ask(sandbox.port, idCard))).toBe('InvalidParameterValue');
  });

  it('is logged without the number', async () => {
    const [idCard = ''] = real;
    const records: object[] = [];
    const logging = await startSandbox({ log: (record) => records.push(record) });
    await ask(logging.port, idCard);
    await ask(logging.port, loadTestIdNumber(1));
    await logging.close();
    expect(records).toMatchObject([{ stranger: true }, { stranger: false }]);
    expect(JSON.stringify(records)).not.toContain(idCard);
  });
});

describe('the similarity', () => {
  it('belongs to the person, so that an answer proves whose it is', async () => {
    const asked = Array.from({ length: 50 }, (_, index) => loadTestIdNumber(index * 777));
    const answers = await Promise.all(asked.map((idCard) => ask(sandbox.port, idCard)));
    expect(answers.map(({ Sim }) => Sim)).toEqual(asked.map(matchingSim));
    expect(new Set(answers.map(({ Sim }) => Sim)).size).toBeGreaterThan(45);
  });

  it('is 70 or more for a match and less for a low similarity', () => {
    for (let index = 0; index < 2000; index += 1) {
      const idCard = loadTestIdNumber(index);
      expect(isIdNumber(idCard)).toBe(true);
      expect(matchingSim(idCard)).toBeGreaterThanOrEqual(70);
      expect(matchingSim(idCard)).toBeLessThanOrEqual(100);
      expect(lowSim(idCard)).toBeLessThan(70);
    }
  });
});
