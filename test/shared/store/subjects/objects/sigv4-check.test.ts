import { expect, test } from 'vitest';
import { judgeSignature, type SignedRequest } from '../../../../support/sigv4-check.ts';

/** The examples of "Signature Calculations for the Authorization Header" and "Using Query Parameters" (S3 API reference). */
const secrets = { AKIAIOSFODNN7EXAMPLE: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const then = Date.parse('2013-05-24T00:00:10Z');
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const get: SignedRequest = {
  method: 'GET',
  url: '/test.txt',
  headers: {
    host: 'examplebucket.s3.amazonaws.com',
    range: 'bytes=0-9',
    'x-amz-content-sha256': EMPTY,
    'x-amz-date': '20130524T000000Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  body: Buffer.alloc(0),
};

const presigned: SignedRequest = {
  method: 'GET',
  url: '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
  headers: { host: 'examplebucket.s3.amazonaws.com' },
  body: Buffer.alloc(0),
};

const judge = (request: SignedRequest, now = then, known: Record<string, string> = secrets) =>
  judgeSignature(request, known, 'us-east-1', now);
const withHeaders = (headers: SignedRequest['headers']) => ({
  ...get,
  headers: { ...get.headers, ...headers },
});

test("the stand-in's check takes the examples that S3's documents sign", () => {
  expect([judge(get), judge(presigned)]).toEqual([null, null]);
});

test("the stand-in's check refuses what S3 refuses", () => {
  const DAY_MS = 86_400_000;
  expect({
    'another path': judge({ ...get, url: '/test2.txt' }),
    'another method': judge({ ...get, method: 'DELETE' }),
    'another header': judge(withHeaders({ range: 'bytes=0-10' })),
    'another host': judge(withHeaders({ host: 'other.s3.amazonaws.com' })),
    'another body': judge({ ...get, body: Buffer.from('x') }),
    'an unsigned header of S3': judge(withHeaders({ 'x-amz-acl': 'public-read' })),
    'no signature': judge(withHeaders({ authorization: '' })),
    'a wrong secret': judge(get, then, { AKIAIOSFODNN7EXAMPLE: 'wrong' }),
    'a wrong access key': judge(get, then, { OTHER: 'wrong' }),
    'an old date': judge(get, then + 16 * 60_000),
    'an address with another path': judge({ ...presigned, url: presigned.url.replace('test', 'best') }),
    'an address that has expired': judge(presigned, then + DAY_MS),
    'an address made to last longer': judge({ ...presigned, url: presigned.url.replace('86400', '86401') }),
  }).toEqual({
    'another path': 'SignatureDoesNotMatch',
    'another method': 'SignatureDoesNotMatch',
    'another header': 'SignatureDoesNotMatch',
    'another host': 'SignatureDoesNotMatch',
    'another body': 'XAmzContentSHA256Mismatch',
    'an unsigned header of S3': 'AccessDenied',
    'no signature': 'AccessDenied',
    'a wrong secret': 'SignatureDoesNotMatch',
    'a wrong access key': 'InvalidAccessKeyId',
    'an old date': 'RequestTimeTooSkewed',
    'an address with another path': 'SignatureDoesNotMatch',
    'an address that has expired': 'AccessDenied',
    'an address made to last longer': 'SignatureDoesNotMatch',
  });
});
