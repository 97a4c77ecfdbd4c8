import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createDnsResolve, resolveWithSystem } from '../../../shared/webhook/resolve-host.ts';

type RecordType = 'A' | 'AAAA';
type Zone = Readonly<Record<string, Partial<Record<RecordType, readonly string[]>> | 'silent'>>;

const typeByNumber: Readonly<Record<number, RecordType>> = { 1: 'A', 28: 'AAAA' };

/** A name server on loopback that knows A and AAAA records (RFC 1035, section 4), and can keep silent. */
async function startNameServer(zone: Zone) {
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    const { name, type, end } = readQuestion(query);
    const entry = zone[name];
    if (entry === 'silent') return;
    const records = (type === undefined ? undefined : entry?.[type]) ?? [];
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(entry === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(records.length, 6);
    header.writeUInt32BE(0, 8);
    const answers = records.map((address) => encodeAnswer(query.readUInt16BE(end - 4), address));
    socket.send(Buffer.concat([header, query.subarray(12, end), ...answers]), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => {
    socket.close();
  });
  return `127.0.0.1:${socket.address().port}`;
}

function readQuestion(query: Buffer) {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query[offset] ?? 0; length > 0; length = query[offset] ?? 0) {
    labels.push(query.toString('ascii', offset + 1, offset + 1 + length));
    offset += length + 1;
  }
  return {
    name: labels.join('.').toLowerCase(),
    type: typeByNumber[query.readUInt16BE(offset + 1)],
    end: offset + 5,
  };
}

function encodeAnswer(type: number, address: string): Buffer {
  const data = Buffer.from(
    type === 1
      ? address.split('.').map(Number)
      : address
          .split(':')
          .flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]),
  );
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

describe('createDnsResolve', () => {
  test('gives every address a name has, IPv4 first', async () => {
    const server = await startNameServer({
      'receiver.test': { A: ['198.51.100.1', '127.0.0.1'], AAAA: ['2001:db8:0:0:0:0:0:1'] },
    });
    const resolve = createDnsResolve({ timeoutMs: 1_000, servers: [server] });
    expect(await resolve('receiver.test')).toEqual([
      { address: '198.51.100.1', family: 4 },
      { address: '127.0.0.1', family: 4 },
      { address: '2001:db8::1', family: 6 },
    ]);
  });

  test.each<[string, Zone]>([
    ['only IPv4', { 'receiver.test': { A: ['198.51.100.1'] } }],
    ['only IPv6', { 'receiver.test': { AAAA: ['2001:db8:0:0:0:0:0:1'] } }],
  ])('is content with %s', async (_, zone) => {
    const resolve = createDnsResolve({ timeoutMs: 1_000, servers: [await startNameServer(zone)] });
    expect(await resolve('receiver.test')).toHaveLength(1);
  });

  test.each<[string, Zone]>([
    ['does not exist', {}],
    ['has no address', { 'receiver.test': {} }],
  ])('rejects as ENOTFOUND when the name %s', async (_, zone) => {
    const resolve = createDnsResolve({ timeoutMs: 1_000, servers: [await startNameServer(zone)] });
    await expect(resolve('receiver.test')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });

  test('names a silent server keeps waiting do not delay the others', async () => {
    const server = await startNameServer({ 'hung.test': 'silent', 'receiver.test': { A: ['198.51.100.1'] } });
    const resolve = createDnsResolve({ timeoutMs: 500, servers: [server] });
    const settled: string[] = [];
    const hung = Array.from({ length: 16 }, () => resolve('hung.test').catch(() => settled.push('hung')));
    await resolve('receiver.test').then(() => settled.push('receiver'));
    await Promise.all(hung);
    expect(settled[0]).toBe('receiver');
    expect(settled).toHaveLength(17);
  });
});

test('the system resolver knows localhost', async () => {
  const addresses = await resolveWithSystem('localhost');
  expect(addresses.length).toBeGreaterThan(0);
  expect(addresses.every(({ address }) => address === '127.0.0.1' || address === '::1')).toBe(true);
});
