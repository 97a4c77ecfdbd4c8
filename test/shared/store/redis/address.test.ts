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

  it.each([
    ['', /must look like/],
    ['localhost', /must look like/],
    ['localhost:6379', /must begin with redis:/],
    ['http://localhost', /must begin with redis:/],
    ['unix:///run/redis.sock', /must begin with redis:/],
    ['redis+sentinel://h:26379/main', /must begin with redis:\/\/ or rediss:\/\//],
    ['redis+cluster://h:7000', /must begin with redis:\/\/ or rediss:\/\//],
    ['redis:///0', /host/],
    ['redis://h/zero', /database number/],
    ['redis://h/-1', /database number/],
    ['redis://h?tls=false', /query/],
    ['redis://h#1', /fragment/],
    ['redis://:%zz@h', /percent-encoded/],
    ['redis://h:99999', /must look like/],
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
    ['secret', '(unreadable Redis URL)'],
    ['redis://:secret@h/x', '(unreadable Redis URL)'],
  ])('of %s is %s', (url, masked) => {
    expect(maskRedisUrl(url)).toBe(masked);
  });
});
