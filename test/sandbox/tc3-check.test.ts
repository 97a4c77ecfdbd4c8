import { describe, expect, it } from 'vitest';
import { checkTc3 } from '../../sandbox/tc3-check.ts';
import type { WireRequest } from '../../sandbox/wire-request.ts';

// "Signature v3" of the API documentation, in three of its editions: the same request, signed with differently masked keys.
const AT_S = 1_551_113_065;
const PAYLOAD = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';

const EDITIONS = [
  {
    edition: 'with EXAMPLE keys',
    secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    signedHeaders: 'content-type;host',
    signature: '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  },
  {
    edition: 'with keys ending in asterisks',
    secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******',
    signedHeaders: 'content-type;host',
    signature: '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
  },
  {
    edition: 'with wholly masked keys, signing the action too',
    secretId: 'AKID********************************',
    secretKey: '********************************',
    signedHeaders: 'content-type;host;x-tc-action',
    signature: '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
  },
] as const;

const [FIRST] = EDITIONS;
const CREDENTIALS = { secretId: FIRST.secretId, secretKey: FIRST.secretKey };

function authorization(
  details: {
    secretId?: string;
    date?: string;
    service?: string;
    signedHeaders?: string;
    signature?: string;
  } = {},
): string {
  const {
    secretId,
    date = '2019-02-25',
    service = 'cvm',
    signedHeaders,
    signature,
  } = { ...FIRST, ...details };
  return `TC3-HMAC-SHA256 Credential=${secretId}/${date}/${service}/tc3_request, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

function request(headers: Readonly<Record<string, string>> = {}, body = PAYLOAD): WireRequest {
  return {
    method: 'POST',
    path: '/',
    query: '',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      host: 'cvm.tencentcloudapi.com',
      'x-tc-action': 'DescribeInstances',
      'x-tc-timestamp': String(AT_S),
      authorization: authorization(),
      ...headers,
    },
    body: Buffer.from(body),
    arrivedAt: 0,
  };
}

function check(wire: WireRequest, nowS = AT_S): string {
  const checked = checkTc3(wire, CREDENTIALS, nowS * 1000);
  return checked.kind === 'valid' ? 'valid' : checked.error.code;
}

describe('the published signatures', () => {
  it.each(EDITIONS)(
    'are accepted: the edition $edition',
    ({ secretId, secretKey, signedHeaders, signature }) => {
      const wire = request({ authorization: authorization({ secretId, signedHeaders, signature }) });
      expect(checkTc3(wire, { secretId, secretKey }, AT_S * 1000)).toEqual({ kind: 'valid' });
    },
  );

  it('are accepted without the spaces after the commas', () => {
    expect(check(request({ authorization: authorization().replaceAll(', ', ',') }))).toBe('valid');
  });

  it('are accepted when the request went to another port than the one that was signed', () => {
    expect(check(request({ host: 'cvm.tencentcloudapi.com:8443' }))).toBe('valid');
  });

  it.each([
    ['body', request({}, `${PAYLOAD} `)],
    ['content type', request({ 'content-type': 'application/json' })],
    ['host', request({ host: 'tencentcloudapi.com' })],
    ['method', { ...request(), method: 'PUT' }],
    ['path', { ...request(), path: '/v1' }],
    ['query', { ...request(), query: 'a=1' }],
    ['timestamp', request({ 'x-tc-timestamp': String(AT_S + 1) })],
    ['service', request({ authorization: authorization({ service: 'faceid' }) })],
    ['signature', request({ authorization: authorization({ signature: '0'.repeat(64) }) })],
  ])('are refused for a request with another %s', (_part, wire) => {
    expect(check(wire)).toBe('AuthFailure.SignatureFailure');
  });
});

describe('the timestamp', () => {
  it.each([
    [-301, 'AuthFailure.SignatureExpire'],
    [-300, 'valid'],
    [300, 'valid'],
    [301, 'AuthFailure.SignatureExpire'],
  ])('%i seconds from the server clock: %s', (offset, expected) => {
    expect(check(request(), AT_S + offset)).toBe(expected);
  });

  it('must be of the day in the credential scope', () => {
    const wire = request({ authorization: authorization({ date: '2019-02-26' }) });
    expect(check(wire)).toBe('AuthFailure.InvalidAuthorization');
  });

  it('must be there, and a number', () => {
    const { 'x-tc-timestamp': _, ...headers } = request().headers;
    expect(check({ ...request(), headers })).toBe('MissingParameter');
    expect(check(request({ 'x-tc-timestamp': 'yesterday' }))).toBe('InvalidParameter');
  });
});

describe('an Authorization header', () => {
  it.each([
    ['of another scheme', 'Bearer abc'],
    ['that says to skip the signature', 'SKIP'],
    ['without a credential', 'TC3-HMAC-SHA256 SignedHeaders=content-type;host, Signature=00'],
    ['whose scope has another end', authorization().replace('tc3_request', 'aws4_request')],
    ['whose scope has no service', authorization({ service: '' })],
    ['whose scope has no day', authorization({ date: 'today' })],
    ['that leaves the host unsigned', authorization({ signedHeaders: 'content-type' })],
    ['that leaves the content type unsigned', authorization({ signedHeaders: 'host' })],
    ['whose signature is no hex', authorization({ signature: 'xyz' })],
    ['that is empty', ''],
  ])('%s is refused as invalid', (_what, header) => {
    expect(check(request({ authorization: header }))).toBe('AuthFailure.InvalidAuthorization');
  });

  it('of an unknown key id is refused as such, whatever its signature', () => {
    expect(check(request({ authorization: authorization({ secretId: 'AKIDnobody' }) }))).toBe(
      'AuthFailure.SecretIdNotFound',
    );
  });
});
