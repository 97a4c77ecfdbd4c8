import {
  argument,
  type CommandContext,
  type Commands,
  grows,
  matching,
  reads,
  shrinks,
  sliceRange,
  syntaxError,
  toFloat,
  toInteger,
} from './command.ts';
import { Double, formatDouble, RedisFailure, type Reply, ScoredMembers } from './reply.ts';
import type { Scored } from './sorted-set.ts';

const orderOf = ({ keyspace }: CommandContext, name: string): readonly Scored[] =>
  keyspace.find(name, 'zset')?.scores.order ?? [];

type Test = (scored: Scored) => boolean;

function scoreTest(min: string, max: string): Test {
  const low = toBound(min);
  const high = toBound(max);
  return ({ score }) =>
    (low.open ? score > low.value : score >= low.value) &&
    (high.open ? score < high.value : score <= high.value);
}

function toBound(text: string): { value: number; open: boolean } {
  const open = text.startsWith('(');
  try {
    return { value: toFloat(open ? text.slice(1) : text), open };
  } catch {
    throw new RedisFailure('ERR min or max is not a float');
  }
}

function lexTest(min: string, max: string): Test {
  const above = (member: string): boolean =>
    min === '-' || (min !== '+' && (min.startsWith('(') ? member > min.slice(1) : member >= min.slice(1)));
  const below = (member: string): boolean =>
    max === '+' || (max !== '-' && (max.startsWith('(') ? member < max.slice(1) : member <= max.slice(1)));
  return ({ member }) => above(member) && below(member);
}

interface Options {
  readonly by: 'RANK' | 'SCORE' | 'LEX';
  readonly reversed: boolean;
  readonly withScores: boolean;
  readonly limit: { readonly offset: number; readonly count: number } | null;
}

function parseOptions(words: readonly string[], before: Partial<Options> = {}): Options {
  const parsed = { by: 'RANK', reversed: false, withScores: false, limit: null, ...before } as {
    -readonly [Name in keyof Options]: Options[Name];
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = argument(words, index).toUpperCase();
    if (word === 'BYSCORE') parsed.by = 'SCORE';
    else if (word === 'BYLEX') parsed.by = 'LEX';
    else if (word === 'REV') parsed.reversed = true;
    else if (word === 'WITHSCORES') parsed.withScores = true;
    else if (word === 'LIMIT') {
      parsed.limit = { offset: toInteger(words[index + 1]), count: toInteger(words[index + 2]) };
      index += 2;
    } else throw syntaxError();
  }
  return parsed;
}

function range(
  context: CommandContext,
  [name = '', from = '', to = '']: readonly string[],
  options: Options,
): Reply {
  const { by, reversed, limit } = options;
  const order = orderOf(context, name);
  const found = select(reversed ? [...order].reverse() : order, by, reversed ? [to, from] : [from, to], [
    from,
    to,
  ]);
  const { offset, count } = limit ?? { offset: 0, count: -1 };
  const page = limit === null ? found : found.slice(offset, count < 0 ? undefined : offset + count);
  if (options.withScores) return new ScoredMembers(page);
  return page.map(({ member }) => member);
}

function select(
  order: readonly Scored[],
  by: Options['by'],
  [min, max]: readonly [string, string],
  [from, to]: readonly [string, string],
): readonly Scored[] {
  if (by === 'SCORE') return order.filter(scoreTest(min, max));
  if (by === 'LEX') return order.filter(lexTest(min, max));
  return sliceRange(order, from, to);
}

function add({ keyspace }: CommandContext, [name = '', ...rest]: readonly string[]): Reply {
  const flags = new Set<string>();
  let at = 0;
  while (['NX', 'XX', 'GT', 'LT', 'CH', 'INCR'].includes(rest[at]?.toUpperCase() ?? '')) {
    flags.add(argument(rest, at).toUpperCase());
    at += 1;
  }
  const pairs: [number, string][] = [];
  for (; at < rest.length; at += 2) pairs.push([toFloat(argument(rest, at)), argument(rest, at + 1)]);
  if (pairs.length === 0) throw syntaxError();
  const { scores } = keyspace.need(name, 'zset');
  let added = 0;
  let changed = 0;
  let sum: number | null = null;
  for (const [given, member] of pairs) {
    const before = scores.score(member);
    const score = flags.has('INCR') ? (before ?? 0) + given : given;
    if (before === undefined ? flags.has('XX') : flags.has('NX')) continue;
    if (before !== undefined && flags.has('GT') && score <= before) continue;
    if (before !== undefined && flags.has('LT') && score >= before) continue;
    scores.set(member, score);
    sum = score;
    if (before === undefined) added += 1;
    else if (before !== score) changed += 1;
  }
  keyspace.tidy(name);
  if (flags.has('INCR')) return sum === null ? null : new Double(sum);
  return flags.has('CH') ? added + changed : added;
}

function remove({ keyspace }: CommandContext, name: string, doomed: readonly string[]): number {
  const set = keyspace.find(name, 'zset');
  if (set === undefined) return 0;
  const removed = doomed.filter((member) => set.scores.delete(member)).length;
  keyspace.tidy(name);
  return removed;
}

function removeWhere(context: CommandContext, name: string, test: Test): number {
  const doomed = orderOf(context, name).filter(test);
  return remove(
    context,
    name,
    doomed.map(({ member }) => member),
  );
}

function popMin(context: CommandContext, [name = '', count]: readonly string[]): Reply {
  const popped = orderOf(context, name).slice(0, toInteger(count ?? '1'));
  remove(
    context,
    name,
    popped.map(({ member }) => member),
  );
  return count === undefined
    ? popped.flatMap(({ member, score }): Reply[] => [member, new Double(score)])
    : new ScoredMembers(popped);
}

const scoreReply = (score: number | undefined): Reply => (score === undefined ? null : new Double(score));

export const SORTED_SET_COMMANDS: Commands = {
  ZADD: grows(-3, add),
  ZINCRBY: grows(3, (context, [name = '', by = '', member = '']) => add(context, [name, 'INCR', by, member])),
  ZREM: shrinks(-2, (context, [name = '', ...members]) => remove(context, name, members)),
  ZSCORE: reads(2, ({ keyspace }, [name = '', member = '']) =>
    scoreReply(keyspace.find(name, 'zset')?.scores.score(member)),
  ),
  ZMSCORE: reads(-2, ({ keyspace }, [name = '', ...members]) => {
    const scores = keyspace.find(name, 'zset')?.scores;
    return members.map((member) => scoreReply(scores?.score(member)));
  }),
  ZCARD: reads(1, (context, [name = '']) => orderOf(context, name).length),
  ZCOUNT: reads(3, (context, [name = '', min = '', max = '']) => {
    return orderOf(context, name).filter(scoreTest(min, max)).length;
  }),
  ZLEXCOUNT: reads(3, (context, [name = '', min = '', max = '']) => {
    return orderOf(context, name).filter(lexTest(min, max)).length;
  }),
  ZRANK: reads(2, ({ keyspace }, [name = '', member = '']) => {
    return keyspace.find(name, 'zset')?.scores.rank(member) ?? null;
  }),
  ZREVRANK: reads(2, ({ keyspace }, [name = '', member = '']) => {
    const scores = keyspace.find(name, 'zset')?.scores;
    const rank = scores?.rank(member);
    return scores === undefined || rank === undefined ? null : scores.size - 1 - rank;
  }),
  ZRANGE: reads(-3, (context, args) => range(context, args, parseOptions(args.slice(3)))),
  ZREVRANGE: reads(-3, (context, args) => {
    return range(context, args, parseOptions(args.slice(3), { reversed: true }));
  }),
  ZRANGEBYSCORE: reads(-3, (context, args) => {
    return range(context, args, parseOptions(args.slice(3), { by: 'SCORE' }));
  }),
  ZREVRANGEBYSCORE: reads(-3, (context, args) => {
    return range(context, args, parseOptions(args.slice(3), { by: 'SCORE', reversed: true }));
  }),
  ZRANGEBYLEX: reads(-3, (context, args) => {
    return range(context, args, parseOptions(args.slice(3), { by: 'LEX' }));
  }),
  ZPOPMIN: shrinks(-1, popMin),
  ZREMRANGEBYSCORE: shrinks(3, (context, [name = '', min = '', max = '']) => {
    return removeWhere(context, name, scoreTest(min, max));
  }),
  ZREMRANGEBYLEX: shrinks(3, (context, [name = '', min = '', max = '']) => {
    return removeWhere(context, name, lexTest(min, max));
  }),
  ZREMRANGEBYRANK: shrinks(3, (context, [name = '', from = '', to = '']) => {
    const doomed = sliceRange(orderOf(context, name), from, to);
    return remove(
      context,
      name,
      doomed.map(({ member }) => member),
    );
  }),
  ZSCAN: reads(-2, (context, [name = '', , ...options]) => {
    const isWanted = matching(options);
    const found = orderOf(context, name).filter(({ member }) => isWanted(member));
    return ['0', found.flatMap(({ member, score }) => [member, formatDouble(score)])];
  }),
};
