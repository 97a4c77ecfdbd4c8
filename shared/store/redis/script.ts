import { createHash } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';

export type ScriptArgument = string | number | Buffer;

export interface RedisScript {
  /**
   * Runs the script on one connection, atomically.
   *
   * @throws {RangeError} if the number of keys is not the declared one
   */
  (redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>;
  readonly scriptName: string;
  /**
   * Appends the script to a pipeline or MULTI. It goes there with its full text: the fallback of a single call
   * cannot work, since the commands behind it have been sent (in a MULTI: have been executed) when NOSCRIPT arrives.
   */
  appendTo(
    chain: ChainableCommander,
    keys: readonly string[],
    args: readonly ScriptArgument[],
  ): ChainableCommander;
}

/**
 * Makes a Lua script callable. It is sent as its SHA-1, and as text only when the server does not know it: a
 * Redis forgets all scripts when it restarts or fails over (SCRIPT LOAD at start-up would not be enough).
 *
 * Replies are decoded as UTF-8 unless `reply` is `bytes`.
 */
export function defineScript({
  name,
  keys: keyCount,
  lua,
  reply = 'text',
}: {
  readonly name: string;
  /** `any` for a script that counts them itself. */
  readonly keys: number | 'any';
  readonly lua: string;
  readonly reply?: 'text' | 'bytes';
}): RedisScript {
  // The first line shows in SLOWLOG and in error messages, where a SHA-1 tells nobody anything.
  const text = `-- ${name}\n${lua}`;
  const sha = createHash('sha1').update(text).digest('hex');

  const send = (target: Redis, command: 'eval' | 'evalsha', rest: ScriptArgument[]) =>
    reply === 'bytes' ? target.callBuffer(command, rest) : target.call(command, rest);

  const run = async (redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]) => {
    assertCount(name, 'keys', keyCount, keys);
    try {
      return await send(redis, 'evalsha', [sha, keys.length, ...keys, ...args]);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOSCRIPT')) {
        return send(redis, 'eval', [text, keys.length, ...keys, ...args]);
      }
      throw error;
    }
  };

  return Object.assign(run, {
    scriptName: name,
    appendTo(chain: ChainableCommander, keys: readonly string[], args: readonly ScriptArgument[]) {
      assertCount(name, 'keys', keyCount, keys);
      const rest = [text, keys.length, ...keys, ...args];
      return reply === 'bytes' ? chain.callBuffer('eval', rest) : chain.call('eval', rest);
    },
  });
}

/** @throws {RangeError} unless there are as many as the script declares */
export function assertCount(
  name: string,
  what: 'keys' | 'arguments',
  expected: number | 'any',
  received: readonly unknown[],
): void {
  if (expected !== 'any' && received.length !== expected) {
    throw new RangeError(
      `Cannot run script ${name}: ${what} must be ${expected}, received ${received.length}`,
    );
  }
}
