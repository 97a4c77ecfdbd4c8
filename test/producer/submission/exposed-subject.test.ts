import { describe, expect, test } from 'vitest';
import { type FreeTexts, listExposedFields } from '../../../shared/validation/exposed-subject.ts';

const idCard = '99731619770707001X';

const exposedIn = (fields: FreeTexts, name = '测试甲') =>
  listExposedFields({ idCard, name }, fields).map(({ pointer }) => pointer);

describe('a free text that holds the subject is named', () => {
  test.each<[string, FreeTexts, string, readonly string[]]>([
    ['the number as reference', { reference: idCard }, '测试甲', ['/reference']],
    [
      'the number in lower case within it',
      { reference: `kyc-${idCard.toLowerCase()}-1` },
      '测试甲',
      ['/reference'],
    ],
    ['the name', { reference: '订单 测试甲', extra: '测试甲' }, '测试甲', ['/reference', '/extra']],
    [
      'the name, composed otherwise',
      { reference: 'Jose\u0301 Mari\u0301a' },
      'Jos\u00e9 Mar\u00eda',
      ['/reference'],
    ],
    ['in a URL', { callbackUrl: `https://a.example/?id=${idCard}` }, '测试甲', ['/callbackUrl']],
    [
      'percent-encoded in a URL',
      { callbackUrl: `https://a.example/${encodeURIComponent('测试甲')}` },
      '测试甲',
      ['/callbackUrl'],
    ],
    ['a short Latin name within a word', { reference: 'client-limit' }, 'Li', []],
    ['one character', { reference: '订单王' }, '王', []],
    ['a broken escape', { callbackUrl: 'https://a.example/%zz' }, '测试甲', []],
    ['another number', { reference: '997316197707070028' }, '测试甲', []],
    ['nothing', {}, '测试甲', []],
  ])('%s', (_what, fields, name, pointers) => {
    expect(exposedIn(fields, name)).toEqual(pointers);
  });
});

test('a number that is too short for an ID number is found nowhere', () => {
  expect(listExposedFields({ idCard: '17', name: '' }, { reference: 'order-17' })).toEqual([]);
  expect(listExposedFields({ idCard: '', name: '' }, { reference: 'order-17' })).toEqual([]);
});

test('an error repeats no value of the subject', () => {
  const errors = listExposedFields({ idCard, name: '测试甲' }, { reference: idCard });
  expect(JSON.stringify(errors)).not.toContain(idCard);
});
