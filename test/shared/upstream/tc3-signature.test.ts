import { describe, expect, it } from 'vitest';
import {
  canonicalRequest,
  deriveKeys,
  hashPayload,
  keepSigningKey,
  type SignedHeaders,
  signTc3,
  stringToSign,
} from '../../../shared/upstream/tc3-signature.ts';

/** The worked example of "Signature v3": DescribeInstances of CVM. Its escapes are signed as they stand. */
const EXAMPLE = {
  host: 'cvm.tencentcloudapi.com',
  service: 'cvm',
  action: 'DescribeInstances',
  version: '2017-03-12',
  region: 'ap-guangzhou',
  timestamp: 1_551_113_065,
  contentType: 'application/json; charset=utf-8',
};
const PAYLOAD = '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}';
const SCOPE = '2019-02-25/cvm/tc3_request';
const PAYLOAD_HASH = '35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064';
const MASKED_KEY = '*'.repeat(32);

/** The documentation changed its key, and the set of signed headers, over the years. */
const PUBLISHED: { edition: string; secretKey: string; signedHeaders: SignedHeaders; signature: string }[] = [
  {
    edition: 'the edition with the key ending in EXAMPLE',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    signedHeaders: 'content-type;host',
    signature: '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  },
  {
    edition: 'the edition with the partly masked key',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******',
    signedHeaders: 'content-type;host',
    signature: '2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c',
  },
  {
    edition: 'the edition with the partly masked key that signs the action',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3*******',
    signedHeaders: 'content-type;host;x-tc-action',
    signature: 'be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3',
  },
  {
    edition: 'the edition with the wholly masked key',
    secretKey: MASKED_KEY,
    signedHeaders: 'content-type;host;x-tc-action',
    signature: '10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f',
  },
];

describe('signature v3', () => {
  it('hashes the published payload to the published hash, whole or in parts', () => {
    expect(hashPayload(PAYLOAD)).toBe(PAYLOAD_HASH);
    expect(hashPayload(PAYLOAD.slice(0, 10), Buffer.from(PAYLOAD.slice(10)))).toBe(PAYLOAD_HASH);
  });

  it('derives the three published keys', () => {
    const keys = deriveKeys(MASKED_KEY, '2019-02-25', 'cvm');
    expect(keys.date.toString('hex')).toBe(
      'da98fb70dcf6b112dc21038d1eeeb3a95c74b4dcb12c1131f864f6066bd02be0',
    );
    expect(keys.service.toString('hex')).toBe(
      '8d70cbefb03939f929db64d32dc2ba89b1095620119fe3e050e2b18c5bd2752f',
    );
    expect(keys.signing.toString('hex')).toBe(
      'b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af',
    );
  });

  it.each([
    ['content-type;host', '5ffe6a04c0664d6b969fab9a13bdab201d63ee709638e2749d62a09ca18d7031'],
    ['content-type;host;x-tc-action', '7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84'],
  ] as const)('hashes the canonical request that signs %s to the published hash', (signedHeaders, hash) => {
    const canonical = canonicalRequest(
      { ...EXAMPLE, payloadHash: PAYLOAD_HASH },
      EXAMPLE.contentType,
      signedHeaders,
    );
    expect(hashPayload(canonical)).toBe(hash);
    expect(stringToSign(EXAMPLE.timestamp, SCOPE, canonical)).toBe(
      `TC3-HMAC-SHA256\n1551113065\n${SCOPE}\n${hash}`,
    );
  });

  it.each(PUBLISHED)('gives the signature of $edition', ({ secretKey, signedHeaders, signature }) => {
    const headers = signTc3({
      ...EXAMPLE,
      secretId: 'AKIDtest',
      secretKey,
      payloadHash: PAYLOAD_HASH,
      signedHeaders,
    });
    expect(headers['authorization']).toBe(
      `TC3-HMAC-SHA256 Credential=AKIDtest/${SCOPE}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
    );
    expect(headers).toMatchObject({
      'content-type': EXAMPLE.contentType,
      'x-tc-action': 'DescribeInstances',
      'x-tc-version': '2017-03-12',
      'x-tc-timestamp': '1551113065',
      'x-tc-region': 'ap-guangzhou',
    });
  });

  it('takes the date of the scope from the timestamp in UTC', () => {
    const sign = (timestamp: number) =>
      signTc3({ ...EXAMPLE, secretId: 'a', secretKey: 'b', payloadHash: PAYLOAD_HASH, timestamp })[
        'authorization'
      ];
    expect(sign(1_551_139_199)).toContain('Credential=a/2019-02-25/');
    expect(sign(1_551_139_200)).toContain('Credential=a/2019-02-26/');
  });

  it('sends a token of temporary credentials without signing it, and no region or token that is not there', () => {
    const base = { ...EXAMPLE, secretId: 'a', secretKey: 'b', payloadHash: PAYLOAD_HASH };
    const withToken = signTc3({ ...base, token: 'session' });
    const { region: _, ...regionless } = base;
    expect(withToken['x-tc-token']).toBe('session');
    expect(withToken['authorization']).toBe(signTc3(base)['authorization']);
    expect(Object.keys(signTc3(regionless))).not.toContain('x-tc-region');
    expect(Object.keys(signTc3(regionless))).not.toContain('x-tc-token');
  });

  it('signs with a kept key as without, and derives another for another day, service or secret', () => {
    const derived: string[] = [];
    const signingKeyOf = keepSigningKey((secretKey, date, service) => {
      derived.push(`${secretKey} ${date} ${service}`);
      return deriveKeys(secretKey, date, service).signing;
    });
    const lastOfDay = 1_551_139_199;
    const requests = [
      { secretKey: 'b', timestamp: lastOfDay - 1, service: 'cvm' },
      { secretKey: 'b', timestamp: lastOfDay, service: 'cvm' },
      { secretKey: 'b', timestamp: lastOfDay + 1, service: 'cvm' },
      { secretKey: 'b', timestamp: lastOfDay + 2, service: 'faceid' },
      { secretKey: 'c', timestamp: lastOfDay + 3, service: 'faceid' },
    ].map((part) => ({ ...EXAMPLE, ...part, secretId: 'a', payloadHash: PAYLOAD_HASH }));
    expect(requests.map((request) => signTc3(request, signingKeyOf))).toEqual(
      requests.map((request) => signTc3(request)),
    );
    expect(derived).toEqual([
      'b 2019-02-25 cvm',
      'b 2019-02-26 cvm',
      'b 2019-02-26 faceid',
      'c 2019-02-26 faceid',
    ]);
  });
});
