import { describe, expect, test } from 'vitest';
import { addressKey, createAddressTest } from '../../../producer/sockets/address-key.ts';
import { isLingerOver } from '../../../producer/sockets/linger.ts';
import { createSocketLedger } from '../../../producer/sockets/socket-ledger.ts';

const makeLedger = (limits: Partial<Parameters<typeof createSocketLedger>[0]> = {}) =>
  createSocketLedger<string>({ total: 6, perAddress: 3, youngMs: 1_000, ...limits });

describe('the connections of one address', () => {
  test('are served up to the limit; then the longest idle makes room for a new one', () => {
    const ledger = makeLedger();
    for (const [socket, at] of [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ] as const)
      expect(ledger.open(socket, 'x', at)).toEqual({ verdict: 'serve', evict: null });
    ledger.noteBusy('a');
    expect(ledger.open('d', 'x', 5_000)).toEqual({ verdict: 'serve', evict: 'b' });
    ledger.noteIdle('a', 5_001);
    expect(ledger.open('e', 'x', 5_002)).toEqual({ verdict: 'serve', evict: 'c' });
    expect(ledger.counts()).toEqual({ busy: 0, idle: 3 });
  });

  test('are refused when all are busy or young, and dropped beyond twice the limit', () => {
    const ledger = makeLedger({ total: 100 });
    for (const socket of ['a', 'b', 'c']) {
      ledger.open(socket, 'x', 0);
      ledger.noteBusy(socket);
    }
    for (const socket of ['d', 'e', 'f']) expect(ledger.open(socket, 'x', 10).verdict).toBe('refuse');
    expect(ledger.open('g', 'x', 20)).toEqual({ verdict: 'drop', evict: null });
    expect(ledger.open('h', 'y', 20).verdict).toBe('serve');
    ledger.close('a');
    ledger.close('b');
    ledger.close('c');
    ledger.close('d');
    expect(ledger.open('i', 'x', 30).verdict).toBe('serve');
  });

  test('are not limited by 0, nor where an address stands for many', () => {
    const ledger = makeLedger({ total: 100, perAddress: 0 });
    const proxied = makeLedger({ total: 100 });
    for (let i = 0; i < 50; i += 1) {
      expect(ledger.open(`s${i}`, 'x', 0).verdict).toBe('serve');
      expect(proxied.open(`s${i}`, null, 0).verdict).toBe('serve');
    }
  });
});

test('all connections together are bounded: the longest idle goes first, and where none is idle the new one', () => {
  const ledger = makeLedger({ perAddress: 100 });
  for (let i = 0; i < 6; i += 1) ledger.open(`s${i}`, `address ${i}`, i);
  expect(ledger.open('young', 'new', 500)).toEqual({ verdict: 'drop', evict: null });
  expect(ledger.open('late', 'new', 5_000)).toEqual({ verdict: 'serve', evict: 's0' });
  for (const socket of ['s1', 's2', 's3', 's4', 's5', 'late']) ledger.noteBusy(socket);
  expect(ledger.open('more', 'new', 50_000)).toEqual({ verdict: 'drop', evict: null });
  expect(ledger.counts()).toEqual({ busy: 6, idle: 0 });
  for (const socket of ['s1', 's2', 's3', 's4', 's5', 'late', 'late']) ledger.close(socket);
  expect(ledger.counts()).toEqual({ busy: 0, idle: 0 });
});

describe('what counts as one address', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8::1', addressKey('2001:db8:0:0:ffff::1')],
  ])('%s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  test('two networks of IPv6 are two', () => {
    expect(addressKey('2001:db8::1')).not.toBe(addressKey('2001:db8:0:1::1'));
  });

  test('a trusted proxy is known by address and range, in both spellings', () => {
    const isTrusted = createAddressTest(['10.0.0.0/8', '::1', '192.0.2.7']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '::1', '192.0.2.7'])
      expect([address, isTrusted(address)]).toEqual([address, true]);
    for (const address of ['11.0.0.1', '::2', '192.0.2.8'])
      expect([address, isTrusted(address)]).toEqual([address, false]);
  });
});

test.each([
  [{ sinceStartMs: 0, sinceLastByteMs: 0, droppedBytes: 0 }, false],
  [{ sinceStartMs: 29, sinceLastByteMs: 4, droppedBytes: 99 }, false],
  [{ sinceStartMs: 30, sinceLastByteMs: 0, droppedBytes: 0 }, true],
  [{ sinceStartMs: 5, sinceLastByteMs: 5, droppedBytes: 0 }, true],
  [{ sinceStartMs: 1, sinceLastByteMs: 0, droppedBytes: 100 }, true],
])('an answered connection is kept within its limits: %o', (progress, isOver) => {
  expect(isLingerOver(progress, { idleMs: 5, totalMs: 30, bytes: 100 })).toBe(isOver);
});
