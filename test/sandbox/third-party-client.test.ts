import { Agent } from 'node:http';
import { CommonClient } from 'tencentcloud-sdk-nodejs-common';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Sandbox } from '../../sandbox/app.ts';
import { JPEG_BASE64, SECRET_ID, SECRET_KEY, startSandbox } from './sandbox-under-test.ts';

const SIGN_METHODS = ['TC3-HMAC-SHA256', 'HmacSHA256', 'HmacSHA1'] as const;
type SignMethod = (typeof SIGN_METHODS)[number];

const EXAMPLE = { IdCard: '11204416541220243X', Name: 'Wei Xiaobao', ImageBase64: JPEG_BASE64 };

interface ClientDetails {
  readonly signMethod?: SignMethod;
  readonly reqMethod?: 'GET' | 'POST';
  readonly secretId?: string;
  readonly secretKey?: string;
  readonly token?: string;
  readonly version?: string;
  readonly region?: string;
}

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await startSandbox();
});

afterAll(() => sandbox.close());

beforeEach(() => sandbox.reset());

/** The official SDK's generic client, pointed at the sandbox. Its own agent keeps it off any proxy. */
function sdkClient(details: ClientDetails = {}): CommonClient {
  return new CommonClient(`127.0.0.1:${sandbox.port}`, details.version ?? '2018-03-01', {
    credential: {
      secretId: details.secretId ?? SECRET_ID,
      secretKey: details.secretKey ?? SECRET_KEY,
      ...(details.token === undefined ? {} : { token: details.token }),
    },
    region: details.region ?? '',
    profile: {
      signMethod: details.signMethod ?? 'TC3-HMAC-SHA256',
      httpProfile: { protocol: 'http://', reqMethod: details.reqMethod ?? 'POST', agent: new Agent() },
    },
  });
}

describe.each(SIGN_METHODS)('the official SDK, signing with %s', (signMethod) => {
  it('gets the success example of the API page', async () => {
    const response = await sdkClient({ signMethod }).request('ImageRecognitionV2', EXAMPLE);
    expect(response).toMatchObject({ Result: 'Success', Description: 'Success', Sim: 89.88 });
    expect(response.RequestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('gets the low-similarity example of the API page', async () => {
    sandbox.script(EXAMPLE.IdCard, [{ code: 'FailedOperation.CompareLowSimilarity', sim: 26.04 }]);
    const response = await sdkClient({ signMethod }).request('ImageRecognitionV2', EXAMPLE);
    expect(response).toMatchObject({
      Result: 'FailedOperation.CompareLowSimilarity',
      Description: 'Similarity comparison does not reach the pass standard',
      Sim: 26.04,
    });
  });

  it('gets a Response.Error as an exception with its code', async () => {
    sandbox.script(EXAMPLE.IdCard, ['UnauthorizedOperation.Arrears']);
    await expect(sdkClient({ signMethod }).request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
      code: 'UnauthorizedOperation.Arrears',
      message: 'The account is in arrears.',
    });
  });

  it('gets its Extra and a Chinese name through unharmed', async () => {
    const person = {
      IdCard: '11204416541220243X',
      Name: '韦小宝',
      ImageBase64: JPEG_BASE64,
      Extra: '订单-17',
    };
    sandbox.script(person.IdCard, ['Success']);
    const response = await sdkClient({ signMethod }).request('ImageRecognitionV2', person);
    expect(response).toMatchObject({ Result: 'Success', Extra: '订单-17' });
  });

  it('is refused with a wrong key, as the real service does', async () => {
    const client = sdkClient({ signMethod, secretKey: 'another-key' });
    await expect(client.request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
      code: 'AuthFailure.SignatureFailure',
      message: 'The provided credentials could not be validated. Please check your signature is correct.',
    });
  });

  it('is refused with an unknown key id', async () => {
    const client = sdkClient({ signMethod, secretId: 'unknown' });
    await expect(client.request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
      code: 'AuthFailure.SecretIdNotFound',
      message: 'The SecretId is not found, please ensure that your SecretId is correct.',
    });
  });

  it('is refused for another action, naming action, service and version', async () => {
    await expect(sdkClient({ signMethod }).request('ImageRecognition', EXAMPLE)).rejects.toMatchObject({
      code: 'InvalidAction',
      message:
        'The request action=`ImageRecognition` is invalid or not found in service=`faceid` and version=`2018-03-01`.',
    });
  });

  it('is refused for another version', async () => {
    const client = sdkClient({ signMethod, version: '2017-03-12' });
    await expect(client.request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
      code: 'NoSuchVersion',
      message: 'The specified api version=`2017-03-12` does not exist in service=`faceid`.',
    });
  });

  it('is refused for a token that the account does not have', async () => {
    const client = sdkClient({ signMethod, token: 'left-over' });
    await expect(client.request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
      code: 'AuthFailure.TokenFailure',
    });
  });

  it('may send its call as a GET, and name a region that is not needed', async () => {
    const client = sdkClient({ signMethod, reqMethod: 'GET', region: 'ap-guangzhou' });
    const response = await client.request('ImageRecognitionV2', EXAMPLE);
    expect(response).toMatchObject({ Result: 'Success' });
  });
});

describe('a photo at the size limit of 3 MiB of Base64', () => {
  const photo = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc((3 * 1024 * 1024 * 3) / 4 - 3)]);
  const atLimit = { ...EXAMPLE, ImageBase64: photo.toString('base64') };

  it('is taken with signature v3', async () => {
    expect(atLimit.ImageBase64).toHaveLength(3 * 1024 * 1024);
    const response = await sdkClient().request('ImageRecognitionV2', atLimit);
    expect(response).toMatchObject({ Result: 'Success' });
  });

  it('is refused as too large when it exceeds the limit', async () => {
    const beyond = { ...EXAMPLE, ImageBase64: `${atLimit.ImageBase64}AAAA` };
    const response = await sdkClient().request('ImageRecognitionV2', beyond);
    expect(response).toMatchObject({ Result: 'FailedOperation.LifePhotoSizeError' });
  });

  it('is more than signature v1 may sign', async () => {
    const client = sdkClient({ signMethod: 'HmacSHA1' });
    await expect(client.request('ImageRecognitionV2', atLimit)).rejects.toMatchObject({
      code: 'AuthFailure.SignatureFailure',
      message: expect.stringContaining('please use new signature method `TC3-HMAC-SHA256`'),
    });
  });
});

describe('an account with temporary credentials', () => {
  it.each(SIGN_METHODS)('takes its token with %s, and nothing else', async (signMethod) => {
    const temporary = await startSandbox({ token: 'sts-token' });
    try {
      const clientFor = (token: string | undefined): CommonClient =>
        new CommonClient(`127.0.0.1:${temporary.port}`, '2018-03-01', {
          credential: {
            secretId: SECRET_ID,
            secretKey: SECRET_KEY,
            ...(token === undefined ? {} : { token }),
          },
          profile: { signMethod, httpProfile: { protocol: 'http://', agent: new Agent() } },
        });
      await expect(clientFor('sts-token').request('ImageRecognitionV2', EXAMPLE)).resolves.toMatchObject({
        Result: 'Success',
      });
      for (const token of [undefined, 'another']) {
        await expect(clientFor(token).request('ImageRecognitionV2', EXAMPLE)).rejects.toMatchObject({
          code: 'AuthFailure.TokenFailure',
        });
      }
    } finally {
      await temporary.close();
    }
  });
});
