import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ClassifyAddress } from '../../../shared/webhook/address-guard.ts';
import type { ClientAuth } from '../../../shared/webhook/client-auth.ts';
import {
  createDeliveryDispatcher,
  type DeliveryDispatcherOptions,
} from '../../../shared/webhook/guarded-connector.ts';
import { createPoster } from '../../../shared/webhook/post-event.ts';
import type { ResolveHost } from '../../../shared/webhook/resolve-host.ts';
import { loopbackCertificate, loopbackKey } from './loopback-certificate.ts';
import { startReceiver } from './loopback-receiver.ts';

const resolveTo =
  (...addresses: string[]): ResolveHost =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));

const resolveNothing: ResolveHost = async () => {
  throw new Error('Cannot test: an address must not be resolved');
};

/** Lets a test play the public internet on this one address. */
const onlyLoopbackIsPublic: ClassifyAddress = (ip) =>
  ip === '127.0.0.1' ? { allowed: true } : { allowed: false, reason: 'private' };

function posterWith(options: Partial<DeliveryDispatcherOptions>) {
  const dispatcher = createDeliveryDispatcher({
    resolve: resolveNothing,
    allowInsecure: false,
    connectTimeoutMs: 1_000,
    connectionsPerOrigin: 4,
    ca: loopbackCertificate,
    ...options,
  });
  onTestFinished(() => dispatcher.destroy());
  const post = createPoster({ dispatcher, timeoutMs: 3_000, userAgent: 'Veriqueue/test', now: Date.now });
  return (url: string, auth: ClientAuth | null = null) =>
    post({ url, body: Buffer.from('{}'), headers: {}, auth });
}

const refusedAddress = { result: 'unreachable', errorClass: 'forbidden_address' };
const ok = { result: 'accepted', status: 204 };

const spellingsOfLoopback = [
  '127.0.0.1',
  '127.1',
  '127.0.1',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0x7f.0.0.1',
  '017700000001',
  '0177.0.0.1',
  '0000000177.0.0.1',
  '127.0.0.1.',
  '①②⑦.⓪.⓪.①',
  '１２７.0.0.1',
  '127。0。0。1',
  '127%2e0%2e0%2e1',
  '0',
  '0.0.0.0',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:7f00:1]',
  '[::127.0.0.1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[2002:7f00:1::]',
];

/** Of metadata services, private and shared networks, this link, everybody on it. */
const spellingsInwards = [
  '169.254.169.254',
  '169.254.43518',
  '2852039166',
  '0xa9fea9fe',
  '0251.0376.0251.0376',
  '169.254.169.254.',
  '[::ffff:169.254.169.254]',
  '[::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::a9fe:a9fe]',
  '[2002:a9fe:a9fe::]',
  '[fd00:ec2::254]',
  '100.100.100.200',
  '100.64.0.1',
  '168.63.129.16',
  '10.0.0.1',
  '012.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '3232235521',
  '0xc0.0xa8.1',
  '[fc00::1]',
  '[fe80::1]',
  '[fec0::1]',
  '224.0.0.1',
  '[ff02::1]',
  '255.255.255.255',
];

describe('the guarded connector', () => {
  test.each(spellingsInwards)('refuses %s', async (host) => {
    const refusals: string[] = [];
    const post = posterWith({ onRefusal: (hostname) => refusals.push(hostname) });
    expect(await post(`https://${host}/`)).toMatchObject(refusedAddress);
    expect(refusals).toHaveLength(1);
  });

  test.each(spellingsOfLoopback)('sends no byte to %s', async (host) => {
    const receiver = await startReceiver((response) => response.writeHead(204).end(), 'https');
    const post = posterWith({});
    expect(await post(`https://${host}:${receiver.port}/`)).toMatchObject(refusedAddress);
    expect(receiver.connections()).toBe(0);
  });

  test.each([
    ['one forbidden address', ['127.0.0.1']],
    ['a public and then a forbidden one', ['8.8.8.8', '127.0.0.1']],
    ['a forbidden and then a public one', ['127.0.0.1', '8.8.8.8']],
    ['a public IPv4 and a forbidden IPv6 address', ['8.8.8.8', '::1']],
    ['a mapped address', ['::ffff:127.0.0.1']],
    ['a scoped address', ['fe80::1%lo']],
    ['something that is no address', ['127.0.0.1.']],
  ])('sends no byte to a name that resolves to %s', async (_, addresses) => {
    const receiver = await startReceiver((response) => response.writeHead(204).end(), 'https');
    const post = posterWith({ resolve: resolveTo(...addresses) });
    expect(await post(`https://receiver.test:${receiver.port}/`)).toMatchObject(refusedAddress);
    expect(receiver.connections()).toBe(0);
  });

  test('reports the reason to the operator, and to no other', async () => {
    const refusals: string[] = [];
    const post = posterWith({
      resolve: resolveTo('169.254.169.254'),
      onRefusal: (hostname, reason) => refusals.push(`${hostname} ${reason}`),
    });
    const results = [await post('https://receiver.test/'), await post('https://[::1]/')];
    expect(refusals).toEqual(['receiver.test link_local', '::1 loopback']);
    expect(JSON.stringify(results)).not.toMatch(/link_local|loopback|169/);
  });

  test('refuses plain http, also for a public name', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end());
    const post = posterWith({ resolve: resolveTo('127.0.0.1'), classify: onlyLoopbackIsPublic });
    expect(await post(`http://receiver.test:${receiver.port}/`)).toMatchObject(refusedAddress);
    expect(receiver.connections()).toBe(0);
  });

  test('connects to the address it has judged, whatever a rebinding name server says next', async () => {
    const receiver = await startReceiver(
      (response) => response.writeHead(204, { connection: 'close' }).end(),
      'https',
    );
    const answers = ['127.0.0.1', '127.0.0.2'];
    let asked = 0;
    const rebinding: ResolveHost = async () => {
      const address = answers[Math.min(asked, 1)] ?? '';
      asked += 1;
      return [{ address, family: 4 }];
    };
    const post = posterWith({ resolve: rebinding, classify: onlyLoopbackIsPublic });
    const url = `https://receiver.test:${receiver.port}/`;
    expect(await post(url)).toMatchObject(ok);
    expect({ asked, connections: receiver.connections() }).toEqual({ asked: 1, connections: 1 });
    expect(await post(url)).toMatchObject(refusedAddress);
    expect({ asked, connections: receiver.connections() }).toEqual({ asked: 2, connections: 1 });
  });

  test('does not follow a redirect into this network', async () => {
    const inside = await startReceiver((response) => response.writeHead(204).end());
    const outside = await startReceiver(
      (response) => response.writeHead(307, { location: `http://127.0.0.1:${inside.port}/` }).end(),
      'https',
    );
    const post = posterWith({ resolve: resolveTo('127.0.0.1'), classify: onlyLoopbackIsPublic });
    expect(await post(`https://receiver.test:${outside.port}/`)).toMatchObject({
      result: 'refused',
      status: 307,
    });
    expect(outside.requests).toHaveLength(1);
    expect(inside.connections()).toBe(0);
  });

  test('falls back to another public address of the same name', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end(), 'https');
    // Nothing listens at the first one, which on this machine is refused at once or not there at all.
    const resolve = resolveTo('::1', '127.0.0.1');
    const post = posterWith({ resolve, classify: () => ({ allowed: true }) });
    expect(await post(`https://receiver.test:${receiver.port}/`)).toMatchObject(ok);
  });

  test('lets http and private addresses through in development', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end());
    const post = posterWith({ allowInsecure: true, resolve: resolveTo('127.0.0.1') });
    expect(await post(`http://127.0.0.1:${receiver.port}/`)).toMatchObject(ok);
    expect(await post(`http://localhost:${receiver.port}/`)).toMatchObject(ok);
  });

  test('a refused address does not stop later deliveries to the same origin', async () => {
    const receiver = await startReceiver((response) => response.writeHead(204).end(), 'https');
    const answers = [['127.0.0.2'], ['127.0.0.1']];
    const resolve: ResolveHost = (hostname) => resolveTo(...(answers.shift() ?? []))(hostname);
    const post = posterWith({ resolve, classify: onlyLoopbackIsPublic });
    const url = `https://receiver.test:${receiver.port}/`;
    expect(await post(url)).toMatchObject(refusedAddress);
    expect(await post(url)).toMatchObject(ok);
  });
});

describe('a receiver that asks the sender for a certificate', () => {
  const auth: ClientAuth = {
    headers: { 'x-token': 't', 'content-type': 'text/plain' },
    clientCertificate: {
      ...{ certificate: loopbackCertificate, key: loopbackKey },
      ...{ fingerprint: 'f', expiresAt: 0 },
    },
  };

  async function startMutualTls() {
    const seen: { readonly name: unknown; readonly type: unknown; readonly socket: TLSSocket }[] = [];
    const tls = { cert: loopbackCertificate, key: loopbackKey, ca: loopbackCertificate };
    const server = createServer(
      { ...tls, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        const socket = request.socket as TLSSocket;
        seen.push({
          name: socket.getPeerCertificate().subject.CN,
          type: request.headers['content-type'],
          socket,
        });
        response.writeHead(204).end();
      },
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `https://receiver.test:${(server.address() as AddressInfo).port}/`, seen };
  }

  test('gets it over connections of its own, and nothing that stands for ours', async () => {
    const { url, seen } = await startMutualTls();
    const post = posterWith({ resolve: resolveTo('127.0.0.1'), classify: onlyLoopbackIsPublic });
    expect(await post(url)).toMatchObject({ result: 'unreachable' });
    expect([await post(url, auth), await post(url, auth)]).toMatchObject([ok, ok]);
    expect(seen.map(({ name, type }) => [name, type])).toEqual(
      Array(2).fill(['receiver.test', 'application/json']),
    );
    expect(await post(url)).toMatchObject({ result: 'unreachable' });
  });

  test('is still held to the addresses that events may go to', async () => {
    const { url } = await startMutualTls();
    const post = posterWith({ resolve: resolveTo('127.0.0.1') });
    expect(await post(url, auth)).toMatchObject(refusedAddress);
  });

  test('is one of a hundred at most that have connections at a time', async () => {
    const { url, seen } = await startMutualTls();
    const post = posterWith({ resolve: resolveTo('127.0.0.1'), classify: onlyLoopbackIsPublic });
    const withChain = (i: number): ClientAuth => ({
      headers: {},
      clientCertificate: auth.clientCertificate && {
        ...auth.clientCertificate,
        certificate: `${loopbackCertificate}${'\n'.repeat(i)}`,
      },
    });
    for (let i = 0; i <= 100; i += 1) expect(await post(url, withChain(i))).toMatchObject(ok);
    const first = seen[0]?.socket;
    await expect.poll(() => first?.closed, { timeout: 30_000 }).toBe(true);
  });
});
