import {
  argument,
  type CommandContext,
  type Commands,
  grows,
  inPairs,
  matching,
  reads,
  shrinks,
  toInteger,
} from './command.ts';
import { OK, Pairs, RedisFailure } from './reply.ts';

const fieldsOf = ({ keyspace }: CommandContext, name: string): ReadonlyMap<string, string> =>
  keyspace.find(name, 'hash')?.fields ?? new Map<string, string>();

function setFields({ keyspace }: CommandContext, [name = '', ...rest]: readonly string[]): number {
  const pairs = inPairs(rest);
  if (pairs.length === 0) throw new RedisFailure("ERR wrong number of arguments for 'hset' command");
  const { fields } = keyspace.need(name, 'hash');
  const before = fields.size;
  for (const [field, value] of pairs) fields.set(field, value);
  return fields.size - before;
}

export const HASH_COMMANDS: Commands = {
  HSET: grows(-3, setFields),
  HMSET: grows(-3, (context, args) => {
    setFields(context, args);
    return OK;
  }),
  HSETNX: grows(3, (context, [name = '', field = '', value = '']) =>
    fieldsOf(context, name).has(field) ? 0 : setFields(context, [name, field, value]),
  ),
  HGET: reads(2, (context, [name = '', field = '']) => fieldsOf(context, name).get(field) ?? null),
  HMGET: reads(-2, (context, [name = '', ...fields]) => {
    const has = fieldsOf(context, name);
    return fields.map((field) => has.get(field) ?? null);
  }),
  HGETALL: reads(1, (context, [name = '']) => new Pairs([...fieldsOf(context, name)])),
  HKEYS: reads(1, (context, [name = '']) => [...fieldsOf(context, name).keys()]),
  HVALS: reads(1, (context, [name = '']) => [...fieldsOf(context, name).values()]),
  HLEN: reads(1, (context, [name = '']) => fieldsOf(context, name).size),
  HEXISTS: reads(2, (context, [name = '', field = '']) => (fieldsOf(context, name).has(field) ? 1 : 0)),
  HDEL: shrinks(-2, ({ keyspace }, [name = '', ...fields]) => {
    const hash = keyspace.find(name, 'hash');
    if (hash === undefined) return 0;
    const removed = fields.filter((field) => hash.fields.delete(field)).length;
    keyspace.tidy(name);
    return removed;
  }),
  HINCRBY: grows(3, ({ keyspace }, [name = '', field = '', by]) => {
    const before = keyspace.find(name, 'hash')?.fields.get(field) ?? '0';
    if (!/^-?\d+$/.test(before)) throw new RedisFailure('ERR hash value is not an integer');
    const sum = Number(before) + toInteger(by);
    keyspace.need(name, 'hash').fields.set(field, String(sum));
    return sum;
  }),
  HSCAN: reads(-2, (context, [name = '', , ...options]) => {
    const isWanted = matching(options);
    const entries = [...fieldsOf(context, name)].filter(([field]) => isWanted(field));
    return ['0', entries.flat()];
  }),
};

const membersOf = ({ keyspace }: CommandContext, name: string): ReadonlySet<string> =>
  keyspace.find(name, 'set')?.members ?? new Set<string>();

export const SET_COMMANDS: Commands = {
  SADD: grows(-2, ({ keyspace }, [name = '', ...added]) => {
    const { members } = keyspace.need(name, 'set');
    const before = members.size;
    for (const member of added) members.add(member);
    return members.size - before;
  }),
  SREM: shrinks(-2, ({ keyspace }, [name = '', ...removed]) => {
    const set = keyspace.find(name, 'set');
    if (set === undefined) return 0;
    const gone = removed.filter((member) => set.members.delete(member)).length;
    keyspace.tidy(name);
    return gone;
  }),
  SMEMBERS: reads(1, (context, [name = '']) => [...membersOf(context, name)]),
  SISMEMBER: reads(2, (context, [name = '', member = '']) => (membersOf(context, name).has(member) ? 1 : 0)),
  SMISMEMBER: reads(-2, (context, [name = '', ...asked]) => {
    const members = membersOf(context, name);
    return asked.map((member) => (members.has(member) ? 1 : 0));
  }),
  SCARD: reads(1, (context, [name = '']) => membersOf(context, name).size),
  SRANDMEMBER: reads(-1, (context, [name = '', count]) => {
    const members = [...membersOf(context, name)];
    if (count !== undefined) return members.slice(0, Math.abs(toInteger(count)));
    return members[Math.floor(context.random() * members.length)] ?? null;
  }),
  SPOP: shrinks(1, ({ keyspace, random }, [name = '']) => {
    const set = keyspace.find(name, 'set');
    if (set === undefined) return null;
    const member = argument([...set.members], Math.floor(random() * set.members.size));
    set.members.delete(member);
    keyspace.tidy(name);
    return member;
  }),
  SSCAN: reads(-2, (context, [name = '', , ...options]) => [
    '0',
    [...membersOf(context, name)].filter(matching(options)),
  ]),
};
