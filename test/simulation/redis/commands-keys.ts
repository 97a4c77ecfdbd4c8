import {
  argument,
  type CommandContext,
  type Commands,
  globOf,
  grows,
  inPairs,
  matching,
  reads,
  shrinks,
  syntaxError,
  toInteger,
} from './command.ts';
import { OK, RedisFailure, type Reply, Status } from './reply.ts';

function count({ keyspace }: CommandContext, names: readonly string[], act: 'has' | 'delete'): number {
  return names.filter((name) => keyspace[act](name)).length;
}

/** EXPIRE and its kind, without or with NX, XX, GT, LT. */
function expireAt({ keyspace }: CommandContext, name: string, at: number, rule: string | undefined): number {
  const before = keyspace.expiry(name);
  if (before === undefined) return 0;
  const allowed = {
    NX: () => before === null,
    XX: () => before !== null,
    GT: () => before !== null && at > before,
    LT: () => before === null || at < before,
  };
  if (rule !== undefined) {
    const decide = allowed[rule.toUpperCase() as keyof typeof allowed];
    if (decide === undefined) throw new RedisFailure('ERR Unsupported option');
    if (!decide()) return 0;
  }
  keyspace.expire(name, at);
  return 1;
}

function leftMs({ keyspace }: CommandContext, name: string): number {
  const at = keyspace.expiry(name);
  if (at === undefined) return -2;
  return at === null ? -1 : Math.max(0, at - keyspace.now());
}

interface SetOptions {
  at: number | null | 'keep';
  only: 'NX' | 'XX' | null;
  get: boolean;
}

function parseSetOptions(options: readonly string[], now: number): SetOptions {
  const parsed: SetOptions = { at: null, only: null, get: false };
  for (let index = 0; index < options.length; index += 1) {
    const option = argument(options, index).toUpperCase();
    if (option === 'NX' || option === 'XX') parsed.only = option;
    else if (option === 'GET') parsed.get = true;
    else if (option === 'KEEPTTL') parsed.at = 'keep';
    else {
      index += 1;
      const value = toInteger(options[index]);
      if (option === 'PX') parsed.at = now + value;
      else if (option === 'EX') parsed.at = now + 1_000 * value;
      else if (option === 'PXAT') parsed.at = value;
      else if (option === 'EXAT') parsed.at = 1_000 * value;
      else throw syntaxError();
    }
  }
  return parsed;
}

function set(context: CommandContext, args: readonly string[]): Reply {
  const { keyspace } = context;
  const name = argument(args, 0);
  const { at, only, get } = parseSetOptions(args.slice(2), keyspace.now());
  const before = get ? (keyspace.find(name, 'string')?.text ?? null) : null;
  const exists = keyspace.has(name);
  if ((only === 'NX' && exists) || (only === 'XX' && !exists)) return get ? before : null;
  const expiresAt = at === 'keep' ? (keyspace.expiry(name) ?? null) : at;
  keyspace.put(name, { type: 'string', text: argument(args, 1) }, expiresAt);
  return get ? before : OK;
}

function add({ keyspace }: CommandContext, name: string, by: number): number {
  const value = keyspace.need(name, 'string');
  const sum = (value.text === '' ? 0 : toInteger(value.text)) + by;
  value.text = String(sum);
  return sum;
}

export const KEY_COMMANDS: Commands = {
  GET: reads(1, ({ keyspace }, [name = '']) => keyspace.find(name, 'string')?.text ?? null),
  MGET: reads(-1, ({ keyspace }, names) =>
    names.map((name) => {
      const value = keyspace.value(name);
      return value?.type === 'string' ? value.text : null;
    }),
  ),
  STRLEN: reads(1, ({ keyspace }, [name = '']) => keyspace.find(name, 'string')?.text.length ?? 0),
  SET: grows(-2, set),
  SETEX: grows(3, (context, [name = '', seconds = '', text = '']) =>
    set(context, [name, text, 'EX', seconds]),
  ),
  MSET: grows(-2, ({ keyspace }, args) => {
    for (const [name, text] of inPairs(args)) keyspace.put(name, { type: 'string', text });
    return OK;
  }),
  GETDEL: shrinks(1, ({ keyspace }, [name = '']) => {
    const text = keyspace.find(name, 'string')?.text ?? null;
    keyspace.delete(name);
    return text;
  }),
  INCR: grows(1, (context, [name = '']) => add(context, name, 1)),
  DECR: grows(1, (context, [name = '']) => add(context, name, -1)),
  INCRBY: grows(2, (context, [name = '', by]) => add(context, name, toInteger(by))),
  DECRBY: grows(2, (context, [name = '', by]) => add(context, name, -toInteger(by))),
  DEL: shrinks(-1, (context, names) => count(context, names, 'delete')),
  UNLINK: shrinks(-1, (context, names) => count(context, names, 'delete')),
  EXISTS: reads(-1, (context, names) => count(context, names, 'has')),
  TYPE: reads(1, ({ keyspace }, [name = '']) => new Status(keyspace.value(name)?.type ?? 'none')),
  RENAME: grows(2, ({ keyspace }, [from = '', to = '']) => {
    keyspace.rename(from, to);
    return OK;
  }),
  EXPIRE: shrinks(-2, (context, [name = '', s, rule]) =>
    expireAt(context, name, context.keyspace.now() + 1_000 * toInteger(s), rule),
  ),
  PEXPIRE: shrinks(-2, (context, [name = '', ms, rule]) =>
    expireAt(context, name, context.keyspace.now() + toInteger(ms), rule),
  ),
  EXPIREAT: shrinks(-2, (context, [name = '', s, rule]) =>
    expireAt(context, name, 1_000 * toInteger(s), rule),
  ),
  PEXPIREAT: shrinks(-2, (context, [name = '', ms, rule]) => expireAt(context, name, toInteger(ms), rule)),
  PTTL: reads(1, (context, [name = '']) => leftMs(context, name)),
  TTL: reads(1, (context, [name = '']) => {
    const ms = leftMs(context, name);
    return ms < 0 ? ms : Math.floor((ms + 500) / 1_000);
  }),
  PEXPIRETIME: reads(1, ({ keyspace }, [name = '']) => {
    const at = keyspace.expiry(name);
    return at === undefined ? -2 : (at ?? -1);
  }),
  PERSIST: shrinks(1, ({ keyspace }, [name = '']) => {
    if ((keyspace.expiry(name) ?? null) === null) return 0;
    keyspace.expire(name, null);
    return 1;
  }),
  KEYS: reads(1, ({ keyspace }, [pattern = '']) => keyspace.names().filter(globOf(pattern))),
  SCAN: reads(-1, ({ keyspace }, [, ...options]) => ['0', keyspace.names().filter(matching(options))]),
  DBSIZE: reads(0, ({ keyspace }) => keyspace.names().length),
  FLUSHALL: shrinks(0, ({ keyspace }) => {
    keyspace.clear();
    return OK;
  }),
  TIME: reads(0, ({ nowUs }) => {
    const us = nowUs();
    return [String(Math.floor(us / 1_000_000)), String(Math.floor(us % 1_000_000))];
  }),
};
