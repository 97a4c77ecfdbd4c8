import { describe, expect, it } from 'vitest';
import type { OutcomeKind, Verdict } from '../../../shared/outcomes/outcome-row.ts';
import { FALLBACKS, OUTCOMES } from '../../../shared/outcomes/outcome-table.ts';
import { renderOutcomeTable } from '../../../shared/outcomes/render-outcome-table.ts';
import {
  DEFAULT_BILLED_CODES,
  isKnownCode,
  labelOfCode,
  publicFallbackTable,
  publicOutcomeTable,
  resolveBilling,
  resolveOutcome,
} from '../../../shared/outcomes/resolve-outcome.ts';
import { tabulate } from '../../support/tabulate.ts';

/** Section 6 of the API page of ImageRecognitionV2, with the kind and verdict each code has here. */
const API_PAGE: Record<string, [OutcomeKind, Verdict]> = {
  'FailedOperation.CompareFail': ['final', 'unverifiable'],
  'FailedOperation.CompareLibServiceUnavailable': ['maintenance', 'error'],
  'FailedOperation.CompareLowSimilarity': ['final', 'no_match'],
  'FailedOperation.CompareSystemError': ['transient', 'error'],
  'FailedOperation.DecryptSystemError': ['fault', 'error'],
  'FailedOperation.IdFormatError': ['final', 'unverifiable'],
  'FailedOperation.IdNameMisMatch': ['final', 'unverifiable'],
  'FailedOperation.IdNoExistSystem': ['final', 'unverifiable'],
  'FailedOperation.IdPhotoNoExist': ['final', 'unverifiable'],
  'FailedOperation.IdPhotoPoorQuality': ['final', 'unverifiable'],
  'FailedOperation.IdPhotoSystemNoanswer': ['transient', 'error'],
  'FailedOperation.IdentityAuthLimitExceeded': ['daily_limit', 'unverifiable'],
  'FailedOperation.LifePhotoDetectFaces': ['final', 'unverifiable'],
  'FailedOperation.LifePhotoDetectFake': ['final', 'unverifiable'],
  'FailedOperation.LifePhotoDetectNoFaces': ['final', 'unverifiable'],
  'FailedOperation.LifePhotoPoorQuality': ['final', 'unverifiable'],
  'FailedOperation.LifePhotoSizeError': ['final', 'unverifiable'],
  'FailedOperation.NameFormatError': ['final', 'unverifiable'],
  'FailedOperation.StsUnAuthErrError': ['account_fault', 'error'],
  'FailedOperation.UnKnown': ['transient', 'error'],
  InvalidParameter: ['fault', 'error'],
  'InvalidParameter.UnsupportEncryptField': ['fault', 'error'],
  InvalidParameterValue: ['fault', 'error'],
  UnauthorizedOperation: ['account_fault', 'error'],
  'UnauthorizedOperation.Arrears': ['account_fault', 'error'],
  'UnauthorizedOperation.NonAuthorize': ['account_fault', 'error'],
  'UnauthorizedOperation.Nonactivated': ['account_fault', 'error'],
  UnsupportedOperation: ['fault', 'error'],
};

/** "Common Error Codes" of Tencent Cloud API 3.0. */
const COMMON_CODES = `
  ActionOffline AuthFailure.InvalidAuthorization AuthFailure.InvalidSecretId AuthFailure.MFAFailure
  AuthFailure.SecretIdNotFound AuthFailure.SignatureExpire AuthFailure.SignatureFailure AuthFailure.TokenFailure
  AuthFailure.UnauthorizedOperation DryRunOperation FailedOperation InternalError InvalidAction InvalidParameter
  InvalidParameterValue InvalidRequest IpInBlacklist IpNotInWhitelist LimitExceeded MissingParameter NoSuchProduct
  NoSuchVersion RequestLimitExceeded RequestLimitExceeded.GlobalRegionUinLimitExceeded
  RequestLimitExceeded.IPLimitExceeded RequestLimitExceeded.UinLimitExceeded RequestSizeLimitExceeded ResourceInUse
  ResourceInsufficient ResourceNotFound ResourceUnavailable ResponseSizeLimitExceeded ServiceUnavailable
  UnauthorizedOperation UnknownParameter UnsupportedOperation UnsupportedProtocol UnsupportedRegion
`
  .trim()
  .split(/\s+/);

describe('the outcome table', () => {
  it('has all 28 codes of the API page', () => {
    expect(Object.keys(API_PAGE)).toHaveLength(28);
  });

  it('has a row for each of them', () => {
    const codes = Object.keys(API_PAGE);
    const rowOf = (code: string) => {
      const { kind, verdict, source } = resolveOutcome(code);
      return { code: resolveOutcome(code).code, kind, verdict, source, isKnown: isKnownCode(code) };
    };
    expect(tabulate(codes, rowOf)).toEqual(
      tabulate(codes, (code) => {
        const [kind, verdict] = API_PAGE[code] ?? [];
        return { code, kind, verdict, source: 'api', isKnown: true };
      }),
    );
  });

  it('has a row for every common code', () => {
    expect(COMMON_CODES.filter((code) => !isKnownCode(code))).toEqual([]);
  });

  it('describes each row in a sentence of its own words', () => {
    const rows = Object.entries({ ...OUTCOMES, ...FALLBACKS });
    expect(rows.filter(([, { description }]) => !/^[A-Z].{10,90}[^.]$/.test(description))).toEqual([]);
  });

  it('answers match and no_match for nothing but a comparison', () => {
    const compared = publicOutcomeTable().filter(
      ({ verdict }) => verdict === 'match' || verdict === 'no_match',
    );
    expect(compared.map(({ code }) => code)).toEqual(['Success', 'FailedOperation.CompareLowSimilarity']);
  });

  it('takes every verdict but error for an answer about the person, and error for the rest', () => {
    for (const row of publicOutcomeTable()) {
      if (row.verdict !== 'error') expect(['final', 'daily_limit'], row.code).toContain(row.kind);
    }
  });

  it('says what the client can do about a code', () => {
    const actions = {
      'FailedOperation.LifePhotoDetectFaces': 'resubmit_photo',
      'FailedOperation.LifePhotoDetectFake': 'resubmit_photo',
      'FailedOperation.IdNameMisMatch': 'check_identity',
      'FailedOperation.NameFormatError': 'check_identity',
      'FailedOperation.IdPhotoNoExist': 'contact_registry',
      'FailedOperation.IdNoExistSystem': 'contact_registry',
      'FailedOperation.UnKnown': 'retry_later',
      'FailedOperation.CompareLowSimilarity': 'none',
      Success: 'none',
      InvalidParameter: 'contact_support',
    };
    const codes = Object.keys(actions);
    expect(Object.fromEntries(codes.map((code) => [code, resolveOutcome(code).action]))).toEqual(actions);
  });
});

describe('a code without a row', () => {
  it('is resolved by the longest rule for its first words', () => {
    const codes: readonly (readonly [string, OutcomeKind, Verdict])[] = [
      ['AuthFailure.NewReason', 'account_fault', 'error'],
      ['UnauthorizedOperation.NewReason', 'account_fault', 'error'],
      ['RequestLimitExceeded.NewReason', 'pace', 'error'],
      ['LimitExceeded.NewReason', 'account_fault', 'error'],
      ['InternalError.NewReason', 'transient', 'error'],
      ['ServiceUnavailable.NewReason', 'transient', 'error'],
      ['ResourceUnavailable.NewReason', 'transient', 'error'],
      ['InvalidParameter.NewReason', 'fault', 'error'],
      ['InvalidParameterValue.NewReason', 'fault', 'error'],
      ['MissingParameter.NewReason', 'fault', 'error'],
      ['UnsupportedOperation.NewReason', 'fault', 'error'],
      ['FailedOperation.NewReason', 'final', 'unverifiable'],
      ['SomethingElse', 'fault', 'error'],
      ['SomethingElse.NewReason', 'fault', 'error'],
      ['', 'fault', 'error'],
      ['.', 'fault', 'error'],
      ['*', 'fault', 'error'],
    ];
    const resolve = (code: string) => [
      resolveOutcome(code).code,
      resolveOutcome(code).kind,
      resolveOutcome(code).verdict,
    ];
    expect(codes.map(([code]) => resolve(code))).toEqual(codes);
    expect(codes.filter(([code]) => isKnownCode(code))).toEqual([]);
  });

  it('is not found among inherited properties', () => {
    const codes = ['toString', '__proto__', 'constructor', 'hasOwnProperty.call', 'constructor.name'];
    expect(codes.map((code) => [resolveOutcome(code).code, resolveOutcome(code).kind])).toEqual(
      codes.map((code) => [code, 'fault']),
    );
  });

  it('may have been charged for when it is a failed operation', () => {
    expect(resolveOutcome('FailedOperation.NewReason').billed).toBe('unknown');
  });
});

describe('the label of a code, in metrics', () => {
  it.each([
    ['Success', 'Success'],
    ['FailedOperation.CompareSystemError', 'FailedOperation.CompareSystemError'],
    ['Veriqueue.Timeout', 'Veriqueue.Timeout'],
    ['FailedOperation.New', 'FailedOperation.*'],
    ['InternalError.New', 'InternalError.*'],
    ['Unheard.Of', '*'],
    ['Unheard', '*'],
    ['*', '*'],
    ['constructor', '*'],
    ['990001199001010013', '*'],
    ['', '*'],
  ])('of %s is %s', (code, label) => {
    expect(labelOfCode(code)).toBe(label);
  });
});

describe('billing', () => {
  it('charges for three codes by default', () => {
    expect([...DEFAULT_BILLED_CODES].sort()).toEqual([
      'FailedOperation.CompareLowSimilarity',
      'FailedOperation.IdNameMisMatch',
      'Success',
    ]);
  });

  it.each([
    { code: 'Success', billedCodes: undefined, billed: 'billed' },
    { code: 'FailedOperation.CompareFail', billedCodes: undefined, billed: 'unbilled' },
    { code: 'FailedOperation.CompareFail', billedCodes: ['FailedOperation.CompareFail'], billed: 'billed' },
    { code: 'Success', billedCodes: [], billed: 'unbilled' },
    { code: 'Veriqueue.Timeout', billedCodes: [], billed: 'unknown' },
    { code: 'Veriqueue.ConnectionFailed', billedCodes: undefined, billed: 'unbilled' },
    { code: 'FailedOperation.NewReason', billedCodes: ['FailedOperation.NewReason'], billed: 'billed' },
  ])('$code with $billedCodes is $billed', ({ code, billedCodes, billed }) => {
    const set = billedCodes === undefined ? undefined : new Set(billedCodes);
    expect(resolveBilling(resolveOutcome(code), set)).toBe(billed);
  });

  it('shows the deployment its own list', () => {
    const rows = publicOutcomeTable(new Set(['FailedOperation.UnKnown']));
    expect(rows.filter(({ billed }) => billed === 'billed').map(({ code }) => code)).toEqual([
      'FailedOperation.UnKnown',
    ]);
  });
});

describe('the table in words', () => {
  it('names other codes by their first word, and the rest by a star', () => {
    const prefixes = Object.keys(FALLBACKS).filter((prefix) => prefix !== '*');
    const codes = publicFallbackTable().map(({ code }) => code);
    expect(codes.toSorted()).toEqual(['*', ...prefixes.map((prefix) => `${prefix}.*`)].toSorted());
  });

  it('has every row, and the rules for other codes', () => {
    const markdown = renderOutcomeTable();
    for (const { code } of [...publicOutcomeTable(), ...publicFallbackTable()]) {
      expect(markdown).toContain(`| \`${code}\` |`);
    }
    const lines = markdown.split('\n').filter((line) => line.startsWith('| `'));
    expect(lines).toHaveLength(publicOutcomeTable().length + publicFallbackTable().length);
    for (const line of lines) expect(line.split(' | ')).toHaveLength(7);
  });
});
