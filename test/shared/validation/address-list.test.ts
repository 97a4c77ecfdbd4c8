import { expect, test } from 'vitest';
import { isAddressRange, isInRanges } from '../../../shared/validation/address-list.ts';

test.each([
  ['203.0.113.7', ['203.0.113.7'], true],
  ['203.0.113.8', ['203.0.113.7'], false],
  ['203.0.113.255', ['198.51.100.0/24', '203.0.113.9/24'], true],
  ['203.0.114.0', ['203.0.113.0/24'], false],
  ['2001:db8::1', ['2001:DB8:0::/48'], true],
  ['2001:db8:1::1', ['2001:db8::/48'], false],
  // A socket of both families reports an IPv4 address in either way.
  ['::ffff:203.0.113.7', ['203.0.113.7'], true],
  ['203.0.113.7', ['::ffff:203.0.113.0/120'], true],
  ['::ffff:203.0.113.7', ['::/0'], false],
  ['203.0.113.7', ['0.0.0.0/0'], true],
  ['2001:db8::1', ['0.0.0.0/0'], false],
  ['fe80::1%eth0', ['fe80::/10'], true],
  ['', ['0.0.0.0/0', '::/0'], false],
  ['unix:', ['0.0.0.0/0', '::/0'], false],
  ['203.0.113.7', ['203.0.113.7/33', 'anything'], false],
])('the address %s in %j: %s', (address, ranges, isIn) => {
  expect(isInRanges(address, ranges)).toBe(isIn);
});

test.each([
  '10.1',
  '010.0.0.1',
  '0x7f.1',
  '2130706433',
  '10.0.0.0/33',
  '10.0.0.0/08',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '::/129',
  'fe80::1%eth0',
  ' 10.0.0.1',
  'localhost',
  '',
])('%j is no entry of an address list', (text) => {
  expect(isAddressRange(text)).toBe(false);
});
