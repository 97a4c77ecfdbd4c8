import { beforeEach, describe, expect, test } from 'vitest';
import { createOutageLog, type OutageLog } from '../../../../shared/store/redis/outage-log.ts';

let lines: string[];
let now: number;
let due: { readonly at: number; readonly then: () => void } | undefined;
let logOf: OutageLog;

beforeEach(() => {
  lines = [];
  now = 1_000_000;
  due = undefined;
  const note = (fields: object) => void lines.push(String(Reflect.get(fields, 'event')));
  const after = (ms: number, then: () => void) => {
    const own = { at: now + ms, then };
    due = own;
    return () => {
      if (due === own) due = undefined;
    };
  };
  logOf = createOutageLog({ info: note, warn: note }, { now: () => now, after });
});

function pass(ms: number): void {
  now += ms;
  const timer = due;
  if (timer === undefined || timer.at > now) return;
  due = undefined;
  timer.then();
}

const lose = (...logs: ReturnType<OutageLog>[]) => {
  for (const log of logs) log.warn({ event: 'redis_lost', reason: 'closed' }, 'lost Redis');
};
const find = (...logs: ReturnType<OutageLog>[]) => {
  for (const log of logs) log.info({ event: 'redis_back' }, 'Redis is back');
};

describe('an outage of several connections', () => {
  test('is one line when it begins and one when the last of them is back', () => {
    const [a, b] = [logOf('a'), logOf('b')];
    lose(a, b, a);
    find(a);
    expect(lines).toEqual(['redis_lost']);
    find(b);
    expect(lines).toEqual(['redis_lost', 'redis_back']);
  });

  test('has a line for each further reason', () => {
    const [a, b] = [logOf('a'), logOf('b')];
    lose(a, b);
    a.warn({ event: 'redis_unreachable', reason: 'WRONGPASS' }, 'no way in');
    b.warn({ event: 'redis_unreachable', reason: 'WRONGPASS' }, 'no way in');
    expect(lines).toEqual(['redis_lost', 'redis_unreachable']);
  });

  test('goes on where connections are cut once more soon after it', () => {
    const [a, b] = [logOf('a'), logOf('b')];
    lose(a, b);
    find(a, b);
    for (let shock = 0; shock < 3; shock += 1) {
      pass(20_000);
      lose(b, a);
      pass(4_000);
      find(a, b);
      pass(5_000);
    }
    expect(lines).toEqual(['redis_lost', 'redis_back']);
  });

  test('is another one where Redis stays away, and its line comes 5 s late', () => {
    const a = logOf('a');
    lose(a);
    find(a);
    pass(1_000);
    lose(a);
    pass(4_999);
    expect(lines).toEqual(['redis_lost', 'redis_back']);
    pass(1);
    expect(lines).toEqual(['redis_lost', 'redis_back', 'redis_lost']);
    find(a);
    expect(lines).toEqual(['redis_lost', 'redis_back', 'redis_lost', 'redis_back']);
  });

  test('is another one at once where the one before is long over', () => {
    const a = logOf('a');
    lose(a);
    find(a);
    pass(30_000);
    lose(a);
    expect(lines).toEqual(['redis_lost', 'redis_back', 'redis_lost']);
  });

  test('is over with the last connection that is closed for good', () => {
    const [a, b] = [logOf('a'), logOf('b')];
    lose(a, b);
    a.forget();
    find(b);
    expect(lines).toEqual(['redis_lost', 'redis_back']);
  });
});
