import { load } from 'lua-redis-wasm';

/** What the module exports, as far as it is used here. Its memory never grows, so that views of it stay. */
interface Exports {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _alloc(size: number): number;
  _free_mem(at: number): void;
  /** Writes place and length of the reply at `into`. */
  _eval_with_args(
    into: number,
    script: number,
    scriptLength: number,
    words: number,
    wordsLength: number,
    keys: number,
  ): void;
}

type HostCall = (into: number, at: number, length: number) => void;

/** Lua in its memory, without the package's own way in and out, which copies each word several times. */
export interface LuaMachine {
  /** All of its memory. */
  readonly bytes: Buffer;
  readonly view: DataView;
  alloc(size: number): number;
  free(at: number): void;
  /**
   * Runs `script`, whose bytes are in memory, with words that are there too.
   *
   * @param keys how many of the words are names of keys
   * @returns where the reply is, to be freed
   */
  run(
    script: { readonly at: number; readonly length: number },
    words: { readonly at: number; readonly length: number },
    keys: number,
  ): { readonly at: number; readonly length: number };
  /** Gets what a script passes to `redis.call` and `redis.pcall`. */
  onCall: (words: { readonly at: number; readonly length: number }) => {
    readonly at: number;
    readonly length: number;
  };
}

/** Bytes from the beginning of a table to its mark that it is read only, which is not 0 then. */
const READ_ONLY_OFFSET = 8;

/**
 * Compiles each script once, as Redis does, and keeps it under its number. Redis writes a number that a script passes to a
 * command with 17 digits, this Lua with 14: too few for a score of BullMQ's `delayed`.
 */
const PRELUDE = `
local format, unpack, select, type = string.format, unpack, select, type
local function exactly(run)
  return function(...)
    local count = select('#', ...)
    if count <= 4 then
      local a, b, c, d = ...
      if type(a) ~= 'number' and type(b) ~= 'number' and type(c) ~= 'number' and type(d) ~= 'number' then
        return run(...)
      end
    end
    local words = {...}
    for i = 1, count do
      if type(words[i]) == 'number' then words[i] = format('%.17g', words[i]) end
    end
    return run(unpack(words, 1, count))
  end
end
rawset(redis, 'call', exactly(redis.call))
rawset(redis, 'pcall', exactly(redis.pcall))
local scripts = {}
rawset(_G, '__run', scripts)
rawset(_G, '__compile', function(number, source)
  local script, failed = loadstring(source, '@user_script')
  if not script then return failed end
  scripts[number] = script
end)
`;

export async function openLuaMachine(): Promise<LuaMachine> {
  const module = await load({
    profile: 'redis-7.0',
    redisProps: {
      replicate_commands: { returns: true },
      LOG_DEBUG: { value: 0 },
      LOG_VERBOSE: { value: 1 },
      LOG_NOTICE: { value: 2 },
      LOG_WARNING: { value: 3 },
    },
  });
  const engine = module.create({
    redisCall: () => null,
    redisPcall: () => null,
    log: () => undefined,
  });
  // Private to the package, whose version is pinned.
  const exports = Reflect.get(module, 'exports') as Exports;
  const handlers = Reflect.get(module, 'handlers') as Record<'call' | 'pcall', HostCall>;
  const { buffer } = exports.HEAPU8;
  const bytes = Buffer.from(buffer);
  const view = new DataView(buffer);
  unlocked(engine, view, () => {
    const failed = engine.eval(PRELUDE);
    if (failed !== null) throw new Error(`Lua could not be prepared: ${JSON.stringify(failed)}`);
  });
  const into = exports._alloc(8);
  const placeAt = (at: number) => ({
    at: view.getUint32(at, true),
    length: view.getUint32(at + 4, true),
  });
  const machine: LuaMachine = {
    bytes,
    view,
    alloc: (size) => exports._alloc(size),
    free: (at) => exports._free_mem(at),
    run: (script, words, keys) => {
      exports._eval_with_args(into, script.at, script.length, words.at, words.length, keys);
      return placeAt(into);
    },
    onCall: () => {
      throw new Error('No script runs');
    },
  };
  const carryOut: HostCall = (reply, at, length) => {
    const written = machine.onCall({ at, length });
    view.setUint32(reply, written.at, true);
    view.setUint32(reply + 4, written.length, true);
  };
  handlers.call = carryOut;
  handlers.pcall = carryOut;
  return machine;
}

interface Evaluates {
  eval(script: string): unknown;
}

/** Scripts cannot write to the tables of the library; what prepares it must. */
function unlocked(engine: Evaluates, view: DataView, run: () => void): void {
  const names = engine.eval('return tostring(_G) .. tostring(redis)');
  const marks = [...String(names).matchAll(/table: 0x([0-9a-f]+)/g)].map(
    ([, address = '']) => Number.parseInt(address, 16) + READ_ONLY_OFFSET,
  );
  if (marks.length !== 2 || marks.some((mark) => view.getUint32(mark, true) !== 1)) {
    throw new Error('lua-redis-wasm does not mark its tables where version 1.5.0 does');
  }
  for (const mark of marks) view.setUint32(mark, 0, true);
  run();
  for (const mark of marks) view.setUint32(mark, 1, true);
}
