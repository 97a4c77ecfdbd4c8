import { parseLimiterReply } from '../../shared/account/limiter/limiter-reply.ts';
import { readLuaFile } from '../../shared/store/redis/lua-file.ts';
import type { CommandContext, Commands } from '../simulation/redis/command.ts';
import { HASH_COMMANDS } from '../simulation/redis/commands-hashes.ts';
import { KEY_COMMANDS } from '../simulation/redis/commands-keys.ts';
import { Keyspace } from '../simulation/redis/keyspace.ts';
import { openLuaEngine } from '../simulation/redis/lua-engine.ts';
import type { Decide } from './bound-search.ts';
import { parseLimiterHash } from './limiter-hash.ts';
import type { LimiterRecord } from './limiter-record.ts';

const COMMANDS: Commands = { ...HASH_COMMANDS, ...KEY_COMMANDS };
const KEY = 'quota';

/**
 * Carries commands out by `limiter.lua` itself, on a record as it is left in its hash. Only for records that it has made, and for
 * the new one.
 */
export async function openLimiterOnLua(): Promise<Decide> {
  const engine = await openLuaEngine();
  const { lua } = readLuaFile(new URL('../../shared/account/limiter/limiter.lua', import.meta.url));
  const hashes = new WeakMap<LimiterRecord, ReadonlyMap<string, string>>();
  return (record, command, settings, nowUs) => {
    const fields = new Map(hashes.get(record));
    const keyspace = new Keyspace(() => Math.floor(nowUs / 1_000));
    keyspace.put(KEY, { type: 'hash', fields });
    const context: CommandContext = { keyspace, nowUs: () => nowUs, random: () => 0 };
    const replied = engine.run(lua, [KEY], [JSON.stringify(settings), JSON.stringify(command)], (words) => {
      const [name = '', ...args] = words;
      const found = COMMANDS[name.toUpperCase()];
      if (found === undefined) throw new Error(`The limiter called ${name}, which it does not have here`);
      return found.run(context, args);
    });
    const left = parseLimiterHash(Object.fromEntries(fields));
    hashes.set(left, fields);
    return { ...parseLimiterReply(replied), record: left };
  };
}
