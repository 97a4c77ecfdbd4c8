import { createHash } from 'node:crypto';
import type { ChainableCommander, Redis } from 'ioredis';
import { type Arity, type LuaFile, readLuaFile } from './lua-file.ts';

export type ScriptArgument = string | number | Buffer;

export interface RedisScript {
  /**
   * Runs the script on one connection, atomically.
   *
   * @throws {RangeError} if the number of keys or arguments is not the declared one
   */
  (redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]): Promise<unknown>;
  readonly scriptName: string;
  /**
   * Appends the script to a pipeline or MULTI. It goes there with its full text unless `loaded` has it: the fallback of a
   * single call cannot work, since the commands behind it have been sent (in a MULTI: have been executed) when NOSCRIPT
   * arrives.
   */
  appendTo(
    chain: ChainableCommander,
    keys: readonly string[],
    args: readonly ScriptArgument[],
    loaded?: LoadedScripts,
  ): ChainableCommander;
}

/**
 * Which scripts the server at the other end of a connection has, by their SHA-1. Its keeper sends a transaction again, with
 * all texts, when the server answers NOSCRIPT all the same.
 */
export interface LoadedScripts {
  has(sha: string): boolean;
  /** The text is on its way: once it has run, the server has the script. */
  sending(sha: string): void;
}

export interface ReplyOptions {
  /** Replies are decoded as UTF-8 unless it is `bytes`. @default text */
  readonly reply?: 'text' | 'bytes';
}

/**
 * Makes the script of a file callable, as {@link defineScript} does.
 *
 * @param url of a `.lua` file: `new URL('../scripts/accept.lua', import.meta.url)`, which holds in the source tree and in the build
 * @throws what `readLuaFile` throws
 */
export function loadScript(url: URL, options: ReplyOptions = {}): RedisScript {
  return defineScript(readLuaFile(url), options);
}

/**
 * Makes a script callable whose text follows from its file's. It is sent as its SHA-1, and as text only when the server does not know it: a
 * Redis forgets all scripts when it restarts or fails over (SCRIPT LOAD at start-up would not be enough).
 */
export function defineScript(
  { name, keys: keyCount, args: argCount, lua }: LuaFile,
  { reply = 'text' }: ReplyOptions = {},
): RedisScript {
  // The first line shows in SLOWLOG and in error messages, where a SHA-1 says nothing.
  const text = `-- ${name}\n${lua}`;
  const sha = createHash('sha1').update(text).digest('hex');

  const assertCounts = (keys: readonly string[], args: readonly ScriptArgument[]) => {
    assertCount(name, 'keys', keyCount, keys);
    assertCount(name, 'arguments', argCount, args);
  };

  const send = (target: Redis, command: 'eval' | 'evalsha', rest: ScriptArgument[]) =>
    reply === 'bytes' ? target.callBuffer(command, rest) : target.call(command, rest);

  const run = async (redis: Redis, keys: readonly string[], args: readonly ScriptArgument[]) => {
    assertCounts(keys, args);
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
    appendTo(
      chain: ChainableCommander,
      keys: readonly string[],
      args: readonly ScriptArgument[],
      loaded?: LoadedScripts,
    ) {
      assertCounts(keys, args);
      const isLoaded = loaded?.has(sha) === true;
      if (!isLoaded) loaded?.sending(sha);
      const command = isLoaded ? 'evalsha' : 'eval';
      const rest = [isLoaded ? sha : text, keys.length, ...keys, ...args];
      return reply === 'bytes' ? chain.callBuffer(command, rest) : chain.call(command, rest);
    },
  });
}

/** @throws {RangeError} unless there are as many as the script declares */
export function assertCount(
  name: string,
  what: 'keys' | 'arguments',
  { at, andMore }: Arity,
  received: readonly unknown[],
): void {
  if (andMore ? received.length < at : received.length !== at) {
    throw new RangeError(
      `Script ${name} takes ${at}${andMore ? ' or more' : ''} ${what}, not ${received.length}`,
    );
  }
}
