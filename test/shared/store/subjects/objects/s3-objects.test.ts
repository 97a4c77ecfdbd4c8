import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../../../shared/store/subjects/objects/object-store.ts';
import {
  objectUrl,
  openS3Objects,
  type S3Options,
  type S3Try,
} from '../../../../../shared/store/subjects/objects/s3-objects.ts';
import { type S3Fault, type S3StandIn, startS3StandIn } from '../../../../support/s3-stand-in.ts';

let s3: S3StandIn;
let tries: S3Try[];
const opened: ObjectStore[] = [];

beforeEach(async () => {
  s3 = await startS3StandIn();
  tries = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((objects) => objects.close()));
  await s3.stop();
});

function options(change: Partial<S3Options> = {}): S3Options {
  const { environment } = s3;
  return {
    bucket: s3.bucket,
    endpoint: s3.url,
    region: environment['PHOTO_STORE_REGION'] ?? '',
    pathStyle: true,
    credentials: {
      accessKeyId: environment['PHOTO_STORE_ACCESS_KEY_ID'] ?? '',
      secretAccessKey: environment['PHOTO_STORE_SECRET_ACCESS_KEY'] ?? '',
    },
    timeoutMs: 20_000,
    // No wait between tries.
    random: () => 0,
    onTry: (made) => tries.push(made),
    ...change,
  };
}

function open(change?: Partial<S3Options>): ObjectStore {
  const objects = openS3Objects(options(change));
  opened.push(objects);
  return objects;
}

const resultsOf = () => tries.map(({ result }) => result);
const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: { kind?: string; reason?: string }) => `${error.kind} ${error.reason}`,
  );
const MANY = 4_000_000;

describe('an object in S3', () => {
  it('is put, read and deleted, each with a signature that S3 takes', async () => {
    const objects = open();
    const bytes = randomBytes(300_000);
    await objects.put('a/b/c', bytes);
    expect((await objects.get('a/b/c', MANY))?.equals(bytes)).toBe(true);
    await objects.delete('a/b/c');
    expect(await objects.get('a/b/c', MANY)).toBeNull();
    await objects.delete('a/b/c');
    expect(s3.log.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'PUT 200',
      'GET 200',
      'DELETE 204',
      'GET 404',
      'DELETE 204',
    ]);
    expect(resultsOf()).toEqual(['done', 'done', 'done', 'missing', 'done']);
  });

  it('is put empty, and with a token of temporary credentials', async () => {
    const { credentials } = options();
    const objects = open({ credentials: { ...credentials, sessionToken: 'token' } });
    await objects.put('empty', Buffer.alloc(0));
    expect(await objects.get('empty', MANY)).toEqual(Buffer.alloc(0));
    expect(s3.log[0]?.headers['x-amz-security-token']).toBe('token');
  });

  it('is cut where it is larger than anything that was put', async () => {
    await open().put('large', Buffer.alloc(200_000, 7));
    expect((await open().get('large', 1_000))?.length).toBe(1_000);
  });

  it.each<[string, S3Fault]>([
    ['is answered with 503', { how: 'status', status: 503, code: 'SlowDown' }],
    ['is answered with 500', { how: 'status', status: 500, code: 'InternalError' }],
    ['is answered with 429', { how: 'status', status: 429, code: 'TooManyRequests' }],
    ['breaks off before it is done', { how: 'reset' }],
    ['breaks off after it is done', { how: 'lost' }],
  ])('is written and deleted all the same when a request %s, twice', async (_, fault) => {
    const objects = open();
    s3.fail('PUT', fault, 2);
    await objects.put('a', Buffer.from('bytes'));
    expect(s3.objects.get('photos/a')?.toString()).toBe('bytes');
    s3.fail('DELETE', fault, 2);
    await objects.delete('a');
    expect(s3.objects.size).toBe(0);
    expect(resultsOf()).toEqual(['away', 'away', 'done', 'away', 'away', 'done']);
  });

  it('is read whole, or not at all: half an answer is asked for again', async () => {
    const objects = open();
    const bytes = randomBytes(500_000);
    await objects.put('a', bytes);
    s3.fail('GET', { how: 'cut' }, 1);
    expect((await objects.get('a', MANY))?.equals(bytes)).toBe(true);
    expect(resultsOf()).toEqual(['done', 'away', 'done']);
  });

  it('is given up after three tries', async () => {
    s3.fail('GET', { how: 'status', status: 503, code: 'SlowDown' });
    expect(await reasonOf(open().get('a', MANY))).toBe('away 503 SlowDown');
    expect(resultsOf()).toEqual(['away', 'away', 'away']);
  });

  it('is given up when no answer comes in time', async () => {
    s3.fail('GET', { how: 'hang' });
    expect(await reasonOf(open({ timeoutMs: 300 }).get('a', MANY))).toBe('away timeout');
  });

  it('is asked for once where only other settings would help', async () => {
    const { credentials } = options();
    const wrongSecret = open({ credentials: { ...credentials, secretAccessKey: 'wrong' } });
    expect(await reasonOf(wrongSecret.put('a', Buffer.from('x')))).toBe('refused 403 SignatureDoesNotMatch');
    expect(await reasonOf(open({ bucket: 'other-bucket' }).get('a', MANY))).toBe('refused 404 NoSuchBucket');
    expect(await reasonOf(open({ bucket: 'other-bucket' }).put('a', Buffer.from('x')))).toBe(
      'refused 404 NoSuchBucket',
    );
    expect(await reasonOf(open({ region: 'us-east-1' }).delete('a'))).toBe(
      'refused 403 AuthorizationHeaderMalformed',
    );
    expect(resultsOf()).toEqual(['refused', 'refused', 'refused', 'refused']);
  });

  it('is away with a store that takes no connection, and there again with it', async () => {
    const objects = open();
    await objects.put('a', Buffer.from('x'));
    await s3.goAway();
    expect(await reasonOf(objects.get('a', MANY))).toBe('away ECONNREFUSED');
    await s3.comeBack();
    expect((await objects.get('a', MANY))?.toString()).toBe('x');
  });

  it('has its bucket in the path or before the host', () => {
    const at = (change: Partial<S3Options>) => objectUrl(options(change), 'faces/main/a').href;
    const endpoint = 'https://cos.ap-guangzhou.myqcloud.com';
    expect([
      at({ endpoint, bucket: 'faces-125', pathStyle: false }),
      at({ endpoint: 'https://minio.example:9000', pathStyle: true }),
      at({ endpoint: 'https://gateway.example/s3/', pathStyle: true }),
    ]).toEqual([
      'https://faces-125.cos.ap-guangzhou.myqcloud.com/faces/main/a',
      'https://minio.example:9000/photos/faces/main/a',
      'https://gateway.example/s3/photos/faces/main/a',
    ]);
  });
});
