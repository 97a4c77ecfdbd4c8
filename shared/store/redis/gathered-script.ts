import type { Redis } from 'ioredis';
import { type Arity, readLuaFile } from './lua-file.ts';
import { assertCount, defineScript, type ScriptArgument } from './script.ts';

/**
 * Runs the script for one item.
 *
 * @throws {RangeError} if the number of keys or arguments is not the declared one
 */
export type GatheredScript = (
  redis: Redis,
  keys: readonly string[],
  args: readonly ScriptArgument[],
) => Promise<unknown>;

/**
 * How many items wait for one another. Redis is to begin with these while their callers still ask for more of them; what
 * is in one command also holds up every other client there.
 */
const ITEMS_AT_ONCE = 8;

const ANY: Arity = { at: 0, andMore: true };

interface Gathering {
  readonly keys: string[];
  readonly args: ScriptArgument[];
  readonly items: {
    readonly resolve: (reply: unknown) => void;
    readonly reject: (error: unknown) => void;
  }[];
}

/**
 * Makes the script of a file callable by many at the same time, each for an item of its own. The file says what is done for
 * one item: its head declares that item's KEYS and ARGV, and it returns something other than nil.
 *
 * What is asked of a connection in one turn of the event loop goes there in one command, since a command costs worker and
 * Redis as much again as a short script does. Not in one tick (a callback with all that its promises lead to): answers to
 * posts come one in a callback each, so what follows from them would never be gathered. All keys must be in one slot of a
 * cluster.
 *
 * An item that fails takes no other with it. When all fail the command does, so that the connection sees the error too:
 * a READONLY makes it look for the new primary.
 *
 * @param url as `loadScript` takes it
 * @throws {RangeError} for a script that takes any number of keys or arguments; what `readLuaFile` throws
 */
export function loadGatheredScript(url: URL): GatheredScript {
  const { name, keys, args, lua } = readLuaFile(url);
  if (keys.andMore || args.andMore) {
    throw new RangeError(`Script ${name} must have a fixed number of KEYS and ARGV to be gathered`);
  }
  const run = defineScript({
    name,
    keys: ANY,
    args: ANY,
    lua: gatherLua({ keys: keys.at, args: args.at, lua }),
  });
  const gatherings = new WeakMap<Redis, Gathering>();

  const send = (redis: Redis, gathering: Gathering) => {
    // Sent before, because it was full.
    if (gatherings.get(redis) !== gathering) return;
    gatherings.delete(redis);
    run(redis, gathering.keys, gathering.args).then(
      (replies) => resolveEach(gathering, replies as unknown[]),
      (error: unknown) => {
        for (const item of gathering.items) item.reject(error);
      },
    );
  };

  const open = (redis: Redis): Gathering => {
    const gathering: Gathering = { keys: [], args: [], items: [] };
    gatherings.set(redis, gathering);
    setImmediate(send, redis, gathering);
    return gathering;
  };

  return async (redis, itemKeys, itemArgs) => {
    assertCount(name, 'keys', keys, itemKeys);
    assertCount(name, 'arguments', args, itemArgs);
    const gathering = gatherings.get(redis) ?? open(redis);
    gathering.keys.push(...itemKeys);
    gathering.args.push(...itemArgs);
    return new Promise((resolve, reject) => {
      gathering.items.push({ resolve, reject });
      if (gathering.items.length === ITEMS_AT_ONCE) send(redis, gathering);
    });
  };
}

/** Redis 6 raises its errors as texts, later ones as tables. */
function gatherLua({
  keys,
  args,
  lua,
}: {
  readonly keys: number;
  readonly args: number;
  readonly lua: string;
}): string {
  return `
local function runItem(KEYS, ARGV)
${lua}
end
local replies, failed = {}, 0
for item = 0, #KEYS / ${keys} - 1 do
  local ok, reply = pcall(runItem,
    {unpack(KEYS, item * ${keys} + 1, (item + 1) * ${keys})},
    {unpack(ARGV, item * ${args} + 1, (item + 1) * ${args})})
  if not ok then
    failed = failed + 1
    if type(reply) ~= 'table' then reply = redis.error_reply(reply) end
  end
  replies[item + 1] = reply
end
if failed == #replies then return replies[1] end
return replies
`;
}

function resolveEach({ items }: Gathering, replies: readonly unknown[]): void {
  for (const [i, { resolve, reject }] of items.entries()) {
    const reply = replies[i];
    if (reply instanceof Error) reject(reply);
    else resolve(reply);
  }
}
