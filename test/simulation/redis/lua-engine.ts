import { createHash } from 'node:crypto';
import { LuaWasmEngine, type ReplyValue } from 'lua-redis-wasm';
import {
  Double,
  Failure,
  formatDouble,
  Members,
  NullArray,
  Pairs,
  type Reply,
  ScoredMembers,
  Status,
} from './reply.ts';
import { stripLua } from './strip-lua.ts';

type Call = (words: readonly string[]) => Reply;

/** Lua 5.1 as Redis embeds it. One for all servers of a process: loading it takes a while, and scripts run one at a time. */
export interface LuaEngine {
  /** @param call carries out what the script calls; what it throws is an error of the script's */
  run(source: string, keys: readonly string[], args: readonly string[], call: Call): Reply;
}

/**
 * Redis writes a number that a script passes to a command with 17 digits, this engine with 14: too few for a score of
 * BullMQ's `delayed`. On one line, so that the lines of errors stay.
 */
const EXACT_NUMBERS = `
local redis = (function(real)
  local format, unpack, select, type = string.format, unpack, select, type
  local function exactly(run)
    return function(...)
      local words, count = {...}, select('#', ...)
      for i = 1, count do
        if type(words[i]) == 'number' then words[i] = format('%.17g', words[i]) end
      end
      return run(unpack(words, 1, count))
    end
  end
  return setmetatable({call = exactly(real.call), pcall = exactly(real.pcall)}, {__index = real})
end)(redis) `.replaceAll(/\s*\n\s*/g, ' ');

export async function openLuaEngine(): Promise<LuaEngine> {
  let current: Call = () => {
    throw new Error('No script runs');
  };
  const carryOut = (words: Buffer[]): ReplyValue => {
    try {
      return toLua(current(words.map(fromBytes)));
    } catch (error) {
      return { err: toBytes(error instanceof Error ? error.message : String(error)) };
    }
  };
  const engine = await LuaWasmEngine.create({
    host: { redisCall: carryOut, redisPcall: carryOut, log: () => undefined },
    profile: 'redis-7.0',
    redisProps: {
      replicate_commands: { returns: true },
      LOG_DEBUG: { value: 0 },
      LOG_VERBOSE: { value: 1 },
      LOG_NOTICE: { value: 2 },
      LOG_WARNING: { value: 3 },
    },
  });
  const stripped = new Map<string, Buffer>();
  const bytesOf = (source: string): Buffer => {
    const known = stripped.get(source);
    if (known !== undefined) return known;
    const bytes = toBytes(EXACT_NUMBERS + stripLua(source));
    stripped.set(source, bytes);
    return bytes;
  };
  return {
    run: (source, keys, args, call) => {
      const before = current;
      current = call;
      try {
        return fromLua(engine.evalWithArgs(bytesOf(source), keys.map(toBytes), args.map(toBytes)));
      } finally {
        current = before;
      }
    },
  };
}

export const sha1 = (source: string): string => createHash('sha1').update(toBytes(source)).digest('hex');

const toBytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const fromBytes = (bytes: Buffer): string => bytes.toString('latin1');

/** Scripts see RESP2. */
function toLua(reply: Reply): ReplyValue {
  if (reply === null || reply instanceof NullArray) return null;
  if (typeof reply === 'number') return reply;
  if (typeof reply === 'string') return toBytes(reply);
  if (reply instanceof Status) return { ok: toBytes(reply.text) };
  if (reply instanceof Failure) return { err: toBytes(reply.message) };
  if (reply instanceof Double) return toBytes(formatDouble(reply.value));
  if (reply instanceof Pairs || reply instanceof ScoredMembers) return reply.entries.flat().map(toLua);
  if (reply instanceof Members) return reply.members.map(toLua);
  const items: readonly Reply[] = reply;
  return items.map(toLua);
}

function fromLua(value: ReplyValue): Reply {
  if (value === null) return null;
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (typeof value === 'boolean') return value ? 1 : null;
  if (Buffer.isBuffer(value)) return fromBytes(value);
  if (Array.isArray(value)) return value.map(fromLua);
  if ('ok' in value) return new Status(fromBytes(value.ok));
  if ('err' in value) return new Failure(describeError(value));
  throw new Error(`A script returned what RESP2 does not have: ${Object.keys(value).join()}`);
}

type LuaError = Extract<ReplyValue, { err: Buffer }>;

/** As Redis 7.0 words it. */
function describeError({ err, code, meta }: LuaError): string {
  const text = fromBytes(err);
  if (meta === undefined) return withCode(text, code);
  const { line, sha, kind, name } = meta;
  const body =
    kind === 'global-read'
      ? `user_script:${line}: Script attempted to access nonexistent global variable '${name}'`
      : text;
  return withCode(`${body} script: ${sha}, on @user_script:${line}.`, code);
}

function withCode(text: string, code: Buffer | undefined): string {
  if (code === undefined) return text;
  const prefix = fromBytes(code);
  return text.startsWith(`${prefix} `) ? text : `${prefix} ${text}`;
}
