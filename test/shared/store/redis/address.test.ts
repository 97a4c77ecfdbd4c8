import { describe, expect, it } from 'vitest';
import { maskRedisUrl, parseRedisUrl } from '../../../../shared/store/redis/address.ts';

describe('a Redis URL', () => {
  it.each([
    ['redis://localhost', { host: 'localhost', port: 6379, tls: false, db: 0 }],
    ['redis://127.0.0.1:7000/3', { host: '127.0.0.1', port: 7000, tls: false, db: 3 }],
    ['rediss://redis.example:6380/', { host: 'redis.example', port: 6380, tls: true, db: 0 }],
    ['redis://:pass@h', { host: 'h', port: 6379, tls: false, db: 0, password: 'pass' }],
    [
      'redis://queue:p%40ss%2Fw%3A@h:1',
      { host: 'h', port: 1, tls: false, db: 0, username: 'queue', password: 'p@ss/w:' },
    ],
    ['redis://[::1]:6379', { host: '::1', port: 6379, tls: false, db: 0 }],
  ])('%s is read', (url, address) => {
    expect(parseRedisUrl(url)).toEqual({ kind: 'single', ...address });
  });

  it.each<[string, object]>([
    [
      'redis://:p@ss@h?family=6',
      { kind: 'single', host: 'h', port: 6379, tls: false, db: 0, family: 6, password: 'p@ss' },
    ],
    [
      'redis+sentinel://vq:secret@s1:1,s2,[::1]:3/my-primary/2',
      {
        kind: 'sentinel',
        sentinels: [
          { host: 's1', port: 1 },
          { host: 's2', port: 26_379 },
          { host: '::1', port: 3 },
        ],
        name: 'my-primary',
        db: 2,
        tls: false,
        username: 'vq',
        password: 'secret',
      },
    ],
    [
      'rediss+cluster://n1:7000,n2?family=0',
      {
        kind: 'cluster',
        nodes: [
          { host: 'n1', port: 7000 },
          { host: 'n2', port: 6379 },
        ],
        tls: true,
        family: 0,
      },
    ],
    ['unix:///run/a%20b.sock', { kind: 'socket', path: '/run/a b.sock', db: 0 }],
    [
      'redis+unix://:secret@/run/redis.sock?db=3',
      { kind: 'socket', path: '/run/redis.sock', db: 3, password: 'secret' },
    ],
  ])('%s is read as what it names', (url, address) => {
    expect(parseRedisUrl(url)).toEqual(address);
  });

  it.each([
    ['', /must look like/],
    ['localhost', /must look like/],
    ['localhost:6379', /must begin with redis:/],
    ['http://localhost', /must begin with redis:/],
    ['unix://run/redis.sock', /whole path/],
    ['unix:///', /whole path/],
    ['unix:///run/redis.sock?database=1', /no query but \?db=/],
    ['unix:///run/redis.sock?db=x', /database number/],
    ['redis+sentinel://h:26379', /name the primary/],
    ['redis+sentinel://h:26379/main/x', /database number/],
    ['redis+sentinel://h:26379/main/0/more', /name the primary/],
    ['redis+sentinel://h,/main', /name a host/],
    ['redis+cluster://h:7000/1', /no database/],
    ['redis+cluster://', /name a host/],
    ['redis://h:1,g:2', /name each host/],
    ['redis://h?family=5', /\?family=0/],
    ['redis://h?family=4&db=1', /\?family=0/],
    ['redis://:pass/word@h', /percent-encoded user name and password: \/ as %2F/],
    ['redis://:pass#word@h', /percent-encoded/],
    ['redis://:pass?word@h', /percent-encoded/],
    ['redis://h:6379\n', /no spaces and no line ends/],
    ['redis:///0', /host/],
    ['redis://h/zero', /database number/],
    ['redis://h/-1', /database number/],
    ['redis://h?tls=false', /query/],
    ['redis://h#1', /fragment/],
    ['redis://:%zz@h', /percent-encoded/],
    ['redis://h:99999', /port from 1 to 65535/],
    ['redis://h:0', /port from 1 to 65535/],
  ])('%s is refused, naming what is wrong', (url, reason) => {
    expect(() => parseRedisUrl(url)).toThrow(reason);
  });

  it.each([
    'redis://user:hunter2hunter2@h/x',
    'redis://user:hunter2hunter2@h?x=1',
    'hunter2hunter2',
    'hunter2hunter2://h',
    'redis://user:%hunter2hunter2@h',
  ])('a refused one is not echoed (%#)', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});

describe('a masked Redis URL', () => {
  it.each([
    ['redis://localhost', 'redis://localhost:6379'],
    ['redis://:secret@h:1/2', 'redis://:***@h:1/2'],
    ['rediss://queue:secret@h:1', 'rediss://queue:***@h:1'],
    ['redis://queue@h:1', 'redis://queue@h:1'],
    ['redis://:secret@[::1]:1', 'redis://:***@[::1]:1'],
    ['redis+sentinel://u:secret@a,b:2/vq/1', 'redis+sentinel://u:***@a:26379,b:2/vq/1'],
    ['rediss+cluster://:secret@a,b:2', 'rediss+cluster://:***@a:6379,b:2'],
    ['unix://:secret@/run/redis.sock?db=1', 'unix://:***@/run/redis.sock?db=1'],
    ['secret', '(unreadable Redis URL)'],
    ['redis://:secret@h/x', '(unreadable Redis URL)'],
  ])('of %s is %s', (url, masked) => {
    expect(maskRedisUrl(url)).toBe(masked);
  });
});
