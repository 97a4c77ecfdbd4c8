import { describe, expect, it } from 'vitest';
import { isDiscarded } from '../../../../shared/store/queue/atomic-flow.ts';
import {
  classifyRedisError,
  describeRedisError,
  PartlyWrittenError,
} from '../../../../shared/store/redis/failure.ts';

function withCode(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:6379`), { code });
}

function reply(message: string): Error {
  return Object.assign(new Error(message), { name: 'ReplyError' });
}

describe('an error of a Redis command', () => {
  it.each([
    ['gone', withCode('ECONNREFUSED')],
    ['gone', withCode('ETIMEDOUT')],
    ['gone', withCode('ENOTFOUND')],
    ['gone', Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' })],
    ['gone', new Error('Connection is closed.')],
    ['gone', new Error('Command timed out')],
    ['refused', reply("OOM command not allowed when used memory > 'maxmemory'.")],
    ['refused', reply('ERR Error running script (call to f_1): @user_script:3: OOM command not allowed')],
    ['refused', reply('MISCONF Redis is configured to save RDB snapshots, but is unable to persist')],
    ['refused', reply("READONLY You can't write against a read only replica.")],
    ['refused', reply('LOADING Redis is loading the dataset in memory')],
    [undefined, reply('WRONGTYPE Operation against a key holding the wrong kind of value')],
    [undefined, reply('NOPERM this user has no permissions to run the set command')],
    [undefined, new Error('OOM of another kind')],
    [undefined, new TypeError('x is not a function')],
    [undefined, 'Command timed out'],
    [undefined, undefined],
  ])('means %s: %s', (failure, error) => {
    expect(classifyRedisError(error)).toBe(failure);
  });

  it('of a repeated transaction is that of the repetition, and is not discarded as a whole', () => {
    const refusal = Object.assign(reply('EXECABORT Transaction discarded because of previous errors.'), {
      previousErrors: [reply("OOM command not allowed when used memory > 'maxmemory'.")],
    });
    const error = new PartlyWrittenError(refusal);
    expect(classifyRedisError(error)).toBe('refused');
    expect(describeRedisError(error)).toMatch(/^Redis forgot scripts, and then: OOM/);
    expect(isDiscarded(error)).toBe(false);
    expect(isDiscarded(refusal)).toBe(true);
  });

  it('is described without the command, whose arguments may be a password', () => {
    const error = Object.assign(reply('WRONGPASS invalid username-password pair'), {
      command: { name: 'hello', args: ['3', 'AUTH', 'queue', 'hunter2'] },
    });
    expect(describeRedisError(error)).toBe('WRONGPASS invalid username-password pair');
  });

  it.each([
    [
      'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
      'the connection ended before an answer came',
    ],
    ["Stream isn't writeable and enableOfflineQueue options is false", 'there is no connection'],
  ])('is described without options of ioredis: %s', (message, described) => {
    expect(describeRedisError(new Error(message))).toBe(described);
  });

  it('is described by its code when it has no message', () => {
    const error = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    expect(describeRedisError(error)).toBe('ECONNREFUSED');
  });
});
