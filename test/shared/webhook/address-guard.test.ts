import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, test } from 'vitest';
import { classifyAddress, type ForbiddenReason } from '../../../shared/webhook/address-guard.ts';
import { tabulate } from '../../support/tabulate.ts';

const forbidden: readonly (readonly [ip: string, reason: ForbiddenReason])[] = [
  // both ends of each IPv4 block
  ['0.0.0.0', 'unspecified'],
  ['0.255.255.255', 'unspecified'],
  ['10.0.0.0', 'private'],
  ['10.255.255.255', 'private'],
  ['100.64.0.0', 'shared'],
  ['100.100.100.200', 'shared'],
  ['100.127.255.255', 'shared'],
  ['127.0.0.0', 'loopback'],
  ['127.0.0.1', 'loopback'],
  ['127.0.53.53', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['168.63.129.16', 'platform'],
  ['169.254.0.0', 'link_local'],
  ['169.254.0.23', 'link_local'],
  ['169.254.169.254', 'link_local'],
  ['169.254.255.255', 'link_local'],
  ['172.16.0.0', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.0', 'reserved'],
  ['192.0.0.192', 'reserved'],
  ['192.0.0.255', 'reserved'],
  ['192.0.2.1', 'documentation'],
  ['192.31.196.1', 'reserved'],
  ['192.52.193.1', 'tunnel'],
  ['192.88.99.1', 'tunnel'],
  ['192.168.0.0', 'private'],
  ['192.168.255.255', 'private'],
  ['192.175.48.1', 'reserved'],
  ['198.18.0.0', 'benchmarking'],
  ['198.19.255.255', 'benchmarking'],
  ['198.51.100.7', 'documentation'],
  ['203.0.113.7', 'documentation'],
  ['224.0.0.0', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['240.0.0.0', 'reserved'],
  ['255.255.255.255', 'reserved'],
  // IPv6
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['0:0:0:0:0:0:0:1', 'loopback'],
  ['::2', 'tunnel'],
  ['64:ff9b:1::a00:1', 'tunnel'],
  ['64:ff9b:1:ffff::808:808', 'tunnel'],
  ['100::1', 'reserved'],
  ['100:0:0:1::1', 'reserved'],
  ['2001::1', 'reserved'],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', 'reserved'],
  ['2001:2::1', 'reserved'],
  ['2001:10::1', 'reserved'],
  ['2001:20::1', 'reserved'],
  ['2001:30::1', 'reserved'],
  ['2001:1ff:ffff::1', 'reserved'],
  ['2001:db8::1', 'documentation'],
  ['3fff::1', 'documentation'],
  ['3fff:fff::1', 'documentation'],
  ['2620:4f:8000::1', 'reserved'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['fbff::1', 'reserved'],
  ['fc00::1', 'private'],
  ['fd00:ec2::254', 'private'],
  ['fdff:ffff::1', 'private'],
  ['fe00::1', 'reserved'],
  ['fe80::1', 'link_local'],
  ['febf::1', 'link_local'],
  ['fec0::1', 'private'],
  ['ff02::1', 'multicast'],
  ['ff0e::1', 'multicast'],
  // an IPv4 address inside an IPv6 one
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:10.0.0.1', 'private'],
  ['::FFFF:169.254.169.254', 'link_local'],
  ['::127.0.0.1', 'tunnel'],
  ['::8.8.8.8', 'tunnel'],
  ['::ffff:0:127.0.0.1', 'tunnel'],
  ['::ffff:0:8.8.8.8', 'tunnel'],
  ['64:ff9b::127.0.0.1', 'loopback'],
  ['64:ff9b::a9fe:a9fe', 'link_local'],
  ['64:ff9b::192.168.0.1', 'private'],
  ['2002:7f00:1::', 'tunnel'],
  ['2002:a00:1::1', 'tunnel'],
  ['2002:808:808::1', 'tunnel'],
  ['2606:4700::5efe:10.0.0.1', 'tunnel'],
  ['2606:4700::200:5efe:a00:1', 'tunnel'],
  // no plain address
  ['', 'not_an_address'],
  ['localhost', 'not_an_address'],
  ['127.1', 'not_an_address'],
  ['0177.0.0.1', 'not_an_address'],
  ['0x7f.0.0.1', 'not_an_address'],
  ['2130706433', 'not_an_address'],
  ['8.8.8.8 ', 'not_an_address'],
  ['8.8.8.8/32', 'not_an_address'],
  ['[2606:4700::1111]', 'not_an_address'],
  ['fe80::1%eth0', 'not_an_address'],
  ['2606:4700::1111%lo', 'not_an_address'],
];

const allowed = [
  '1.0.0.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  '2000::1',
  '2001:200::1',
  '2001:4860:4860::8888',
  '2003::1',
  '2606:4700:4700::1111',
  '3ffe::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
];

describe('classifyAddress', () => {
  test('forbids each of these addresses, with the reason', () => {
    const addresses = forbidden.map(([ip]) => ip);
    const reasons = new Map(forbidden);
    expect(tabulate(addresses, classifyAddress)).toEqual(
      tabulate(addresses, (ip) => ({ allowed: false, reason: reasons.get(ip) })),
    );
  });

  test('allows the neighbours of every forbidden block', () => {
    expect(tabulate(allowed, classifyAddress)).toEqual(tabulate(allowed, () => ({ allowed: true })));
  });

  test('forbids every IPv4 address that ipaddr.js knows to be special', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        fc.pre(ipaddr.IPv4.parse(ip).range() !== 'unicast');
        expect(classifyAddress(ip).allowed).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test('forbids every IPv6 address that ipaddr.js knows to be special, or judges the IPv4 address in it', () => {
    const prefixes = [
      '::',
      '64:ff9b::',
      '64:ff9b:1::',
      '100::',
      '2001::',
      '2001:db8::',
      '2002::',
      'fe80::',
      'fd00::',
    ];
    const word = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(
        fc.constantFrom(...prefixes),
        fc.array(word, { minLength: 4, maxLength: 4 }),
        (prefix, tail) => {
          const parts = [...ipaddr.IPv6.parse(prefix).parts.slice(0, 4), ...tail];
          const address = new ipaddr.IPv6(parts);
          fc.pre(!['unicast', 'ipv4Mapped', 'rfc6052'].includes(address.range()));
          expect(classifyAddress(address.toString()).allowed).toBe(false);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('judges an IPv4-mapped and a NAT64 address exactly as the IPv4 address in it', () => {
    fc.assert(
      fc.property(fc.ipV4(), (ip) => {
        expect(classifyAddress(`::ffff:${ip}`)).toEqual(classifyAddress(ip));
        expect(classifyAddress(`64:ff9b::${ip}`)).toEqual(classifyAddress(ip));
      }),
    );
  });
});
