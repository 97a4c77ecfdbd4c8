import { describe, expect, it } from 'vitest';
import { parseForm } from '../../sandbox/form-parameters.ts';
import { checkV1 } from '../../sandbox/v1-check.ts';
import type { WireRequest } from '../../sandbox/wire-request.ts';

// "Signature" of the API documentation, sections 2 and 3.
const CREDENTIALS = {
  secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
  secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
};
const AT_S = 1_465_185_768;
const PARAMETERS = {
  Action: 'DescribeInstances',
  'InstanceIds.0': 'ins-09dx96dg',
  Limit: '20',
  Nonce: '11886',
  Offset: '0',
  Region: 'ap-guangzhou',
  SecretId: CREDENTIALS.secretId,
  Timestamp: String(AT_S),
  Version: '2017-03-12',
  Signature: 'EliP9YW3pW28FpsEdkXt/+WcGeI=',
};

function check(changes: Readonly<Record<string, string | undefined>> = {}, nowS = AT_S): string {
  const entries = Object.entries({ ...PARAMETERS, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const query = new URLSearchParams(entries).toString();
  const wire: WireRequest = {
    method: 'GET',
    path: '/',
    query,
    headers: { host: 'cvm.tencentcloudapi.com' },
    body: Buffer.alloc(0),
    arrivedAt: 0,
  };
  const checked = checkV1(wire, parseForm(query) ?? new Map(), CREDENTIALS, nowS * 1000);
  return checked.kind === 'valid' ? 'valid' : checked.error.code;
}

describe('the published signature', () => {
  it('is accepted', () => {
    expect(check()).toBe('valid');
  });

  it.each([
    ['parameter', { Limit: '21' }],
    ['additional parameter', { Another: '1' }],
    ['signature', { Signature: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }],
    ['hash', { SignatureMethod: 'HmacSHA256' }],
  ])('is refused with another %s', (_what, changes) => {
    expect(check(changes)).toBe('AuthFailure.SignatureFailure');
  });
});

describe('a signature that is a parameter', () => {
  it.each([
    ['Timestamp', 'MissingParameter'],
    ['Nonce', 'MissingParameter'],
    ['SecretId', 'MissingParameter'],
    ['Signature', 'MissingParameter'],
  ])('needs %s', (name, expected) => {
    expect(check({ [name]: undefined })).toBe(expected);
  });

  it.each([
    [{ SecretId: 'AKIDnobody' }, 'AuthFailure.SecretIdNotFound'],
    [{ SignatureMethod: 'HmacMD5' }, 'InvalidParameterValue'],
    [{ Timestamp: 'now' }, 'InvalidParameter'],
    [{ Token: 'left-over' }, 'AuthFailure.TokenFailure'],
  ])('%o is refused with %s', (changes, expected) => {
    expect(check(changes)).toBe(expected);
  });

  it('expires after five minutes', () => {
    expect(check({}, AT_S + 300)).toBe('valid');
    expect(check({}, AT_S + 301)).toBe('AuthFailure.SignatureExpire');
  });
});
