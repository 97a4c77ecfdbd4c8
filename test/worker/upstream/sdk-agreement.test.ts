import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { hashPayload, signTc3 } from '../../../shared/upstream/tc3-signature.ts';
import {
  CREDENTIALS,
  callAtOnce,
  jsonAnswer,
  makeClient,
  type RawUpstream,
  SUBJECT,
  startRawUpstream,
} from './raw-upstream.ts';

interface SdkClient {
  request(action: string, body: unknown): Promise<Record<string, unknown>>;
}
interface Sdk {
  readonly CommonClient: new (endpoint: string, version: string, config: unknown) => SdkClient;
}
interface SdkSign {
  readonly default: { sign3(input: Record<string, unknown>): string };
}

const load = createRequire(import.meta.url);
const { CommonClient } = load('tencentcloud-sdk-nodejs-common') as Sdk;
const { default: sdkSign } = load('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js') as SdkSign;

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function startUpstream(): Promise<RawUpstream> {
  const upstream = await startRawUpstream({
    onRequest: (socket) =>
      socket.end(jsonAnswer({ Result: 'Success', Sim: 90 }, ['content-type: application/json'])),
  });
  open.push(upstream.close);
  return upstream;
}

const header = (upstream: RawUpstream, name: string) =>
  new RegExp(`^${name}: (.*)$`, 'im').exec(upstream.requests[0]?.headers ?? '')?.[1]?.trim() ?? '';

describe('the official SDK', () => {
  it('sends the signature that we compute for its request', async () => {
    const upstream = await startUpstream();
    const sdk = new CommonClient('faceid.intl.tencentcloudapi.com', '2018-03-01', {
      credential: CREDENTIALS,
      region: 'ap-singapore',
      profile: { httpProfile: { protocol: 'http://', endpoint: upstream.endpoint.host } },
    });
    await sdk.request('ImageRecognitionV2', {
      IdCard: SUBJECT.idCard,
      Name: SUBJECT.name,
      ImageBase64: 'AAAA',
    });
    const ours = signTc3({
      ...CREDENTIALS,
      // The SDK signs the host without its port, and takes the service from the name it is given for the host.
      host: upstream.endpoint.hostname,
      service: upstream.endpoint.host.split('.')[0] ?? '',
      action: 'ImageRecognitionV2',
      version: '2018-03-01',
      region: 'ap-singapore',
      timestamp: Number(header(upstream, 'x-tc-timestamp')),
      payloadHash: hashPayload(upstream.requests[0]?.body ?? ''),
      contentType: header(upstream, 'content-type'),
    });
    expect(header(upstream, 'authorization')).toBe(ours['authorization']);
    for (const name of ['x-tc-action', 'x-tc-version', 'x-tc-region'])
      expect(header(upstream, name)).toBe(ours[name]);
  });

  it('computes the signature that we send for our request', async () => {
    const upstream = await startUpstream();
    const client = makeClient(upstream.endpoint);
    open.push(client.close);
    await callAtOnce(client, await client.prepare(SUBJECT));
    const theirs = sdkSign.sign3({
      method: 'POST',
      // Its URL has no port: with one it signs less than the Host header that travels.
      url: 'http://faceid.intl.tencentcloudapi.com/',
      payload: upstream.requests[0]?.body,
      timestamp: Number(header(upstream, 'x-tc-timestamp')),
      service: 'faceid',
      headers: { 'Content-Type': header(upstream, 'content-type') },
      ...CREDENTIALS,
    });
    const oursForThatHost = signTc3({
      ...CREDENTIALS,
      host: 'faceid.intl.tencentcloudapi.com',
      service: 'faceid',
      action: header(upstream, 'x-tc-action'),
      version: header(upstream, 'x-tc-version'),
      timestamp: Number(header(upstream, 'x-tc-timestamp')),
      payloadHash: hashPayload(upstream.requests[0]?.body ?? ''),
    });
    expect(oursForThatHost['authorization']).toBe(theirs);
    expect(header(upstream, 'authorization').split('Signature=')[0]).toBe(theirs.split('Signature=')[0]);
  });
});
