import {
  argument,
  boundsOf,
  type CommandContext,
  type Commands,
  grows,
  reads,
  shrinks,
  sliceRange,
  syntaxError,
  toInteger,
} from './command.ts';
import { OK, RedisFailure, type Reply } from './reply.ts';

const itemsOf = ({ keyspace }: CommandContext, name: string): readonly string[] =>
  keyspace.find(name, 'list')?.items ?? [];

type End = 'LEFT' | 'RIGHT';

function push({ keyspace }: CommandContext, name: string, added: readonly string[], end: End): number {
  const list = keyspace.need(name, 'list');
  for (const item of added) {
    if (end === 'LEFT') list.items.unshift(item);
    else list.items.push(item);
  }
  return list.items.length;
}

function popOne({ keyspace }: CommandContext, name: string, end: End): string | null {
  const list = keyspace.find(name, 'list');
  const item = end === 'LEFT' ? list?.items.shift() : list?.items.pop();
  keyspace.tidy(name);
  return item ?? null;
}

function pop(context: CommandContext, name: string, count: string | undefined, end: End): Reply {
  if (count === undefined) return popOne(context, name, end);
  const popped: string[] = [];
  for (let left = toInteger(count); left > 0; left -= 1) {
    const item = popOne(context, name, end);
    if (item === null) break;
    popped.push(item);
  }
  return popped.length === 0 ? null : popped;
}

function move(context: CommandContext, from: string, to: string, ends: readonly [End, End]): Reply {
  const item = popOne(context, from, ends[0]);
  if (item !== null) push(context, to, [item], ends[1]);
  return item;
}

function toEnd(text: string): End {
  const end = text.toUpperCase();
  if (end === 'LEFT' || end === 'RIGHT') return end;
  throw syntaxError();
}

function removeItems({ keyspace }: CommandContext, [name = '', count, item]: readonly string[]): number {
  const list = keyspace.find(name, 'list');
  if (list === undefined) return 0;
  const limit = toInteger(count);
  const places = list.items.flatMap((each, index) => (each === item ? [index] : []));
  const doomed = new Set(limit === 0 ? places : limit > 0 ? places.slice(0, limit) : places.slice(limit));
  list.items = list.items.filter((_, index) => !doomed.has(index));
  keyspace.tidy(name);
  return doomed.size;
}

function position(context: CommandContext, [name = '', item = '', ...options]: readonly string[]): Reply {
  if (options.length > 0 && options[0]?.toUpperCase() !== 'MAXLEN') throw syntaxError();
  const maxLength = options.length === 0 ? 0 : toInteger(options[1]);
  const items = itemsOf(context, name);
  const at = (maxLength === 0 ? items : items.slice(0, maxLength)).indexOf(item);
  return at < 0 ? null : at;
}

export const LIST_COMMANDS: Commands = {
  LPUSH: grows(-2, (context, [name = '', ...items]) => push(context, name, items, 'LEFT')),
  RPUSH: grows(-2, (context, [name = '', ...items]) => push(context, name, items, 'RIGHT')),
  LPOP: shrinks(-1, (context, [name = '', count]) => pop(context, name, count, 'LEFT')),
  RPOP: shrinks(-1, (context, [name = '', count]) => pop(context, name, count, 'RIGHT')),
  RPOPLPUSH: grows(2, (context, [from = '', to = '']) => move(context, from, to, ['RIGHT', 'LEFT'])),
  LMOVE: grows(4, (context, [from = '', to = '', out = '', into = '']) =>
    move(context, from, to, [toEnd(out), toEnd(into)]),
  ),
  LLEN: reads(1, (context, [name = '']) => itemsOf(context, name).length),
  LRANGE: reads(3, (context, [name = '', from = '', to = '']) =>
    sliceRange(itemsOf(context, name), from, to),
  ),
  LINDEX: reads(2, (context, [name = '', index]) => itemsOf(context, name).at(toInteger(index)) ?? null),
  LPOS: reads(-2, position),
  LREM: shrinks(3, removeItems),
  LSET: grows(3, ({ keyspace }, [name = '', index, item = '']) => {
    const list = keyspace.find(name, 'list');
    if (list === undefined) throw new RedisFailure('ERR no such key');
    const asked = toInteger(index);
    const at = asked < 0 ? list.items.length + asked : asked;
    if (list.items[at] === undefined) throw new RedisFailure('ERR index out of range');
    list.items[at] = item;
    return OK;
  }),
  LTRIM: shrinks(3, ({ keyspace }, args) => {
    const name = argument(args, 0);
    const list = keyspace.find(name, 'list');
    if (list === undefined) return OK;
    const { start, end } = boundsOf(list.items.length, toInteger(args[1]), toInteger(args[2]));
    list.items = list.items.slice(start, end);
    keyspace.tidy(name);
    return OK;
  }),
};
