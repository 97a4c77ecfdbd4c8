import {
  argument,
  type CommandContext,
  type Commands,
  grows,
  inPairs,
  reads,
  shrinks,
  toInteger,
} from './command.ts';
import { NullArray, Pairs, RedisFailure, type Reply } from './reply.ts';
import { compareIds, formatId, parseId, type StreamEntry, type StreamId } from './stream.ts';

const LAST = Number.MAX_SAFE_INTEGER;

const entriesOf = ({ keyspace }: CommandContext, name: string): readonly StreamEntry[] =>
  keyspace.find(name, 'stream')?.stream.entries ?? [];

const showEntry = ({ id, fields }: StreamEntry): Reply => [formatId(id), [...fields]];

interface Trim {
  readonly length: number;
  readonly exactly: boolean;
  /** How many words it took. */
  readonly words: number;
}

function parseTrim(args: readonly string[]): Trim | null {
  if (args[0]?.toUpperCase() !== 'MAXLEN') return null;
  const marked = args[1] === '~' || args[1] === '=';
  return { exactly: args[1] !== '~', length: toInteger(args[marked ? 2 : 1]), words: marked ? 3 : 2 };
}

function add({ keyspace }: CommandContext, [name = '', ...rest]: readonly string[]): Reply {
  const trim = parseTrim(rest);
  const [asked = '', ...fields] = rest.slice(trim?.words ?? 0);
  inPairs(fields);
  const { stream } = keyspace.need(name, 'stream');
  const id = asked === '*' ? stream.nextId(keyspace.now()) : parseId(asked, 0);
  stream.add(id, fields);
  if (trim !== null) stream.trimTo(trim.length, trim.exactly);
  return formatId(id);
}

function toEdge(text: string, kind: 'from' | 'to'): { id: StreamId; open: boolean } {
  if (text === '-') return { id: { ms: 0, seq: 0 }, open: false };
  if (text === '+') return { id: { ms: LAST, seq: LAST }, open: false };
  const open = text.startsWith('(');
  return { id: parseId(open ? text.slice(1) : text, kind === 'from' ? 0 : LAST), open };
}

function range(
  context: CommandContext,
  name: string,
  edges: readonly [string, string],
  options: readonly string[],
) {
  const from = toEdge(edges[0], 'from');
  const to = toEdge(edges[1], 'to');
  const found = entriesOf(context, name).filter(({ id }) => {
    const low = compareIds(id, from.id);
    const high = compareIds(id, to.id);
    return (from.open ? low > 0 : low >= 0) && (to.open ? high < 0 : high <= 0);
  });
  return { found, count: options[0]?.toUpperCase() === 'COUNT' ? toInteger(options[1]) : found.length };
}

/** Without BLOCK, which nothing here asks of it. */
function read(context: CommandContext, args: readonly string[]): Reply {
  const at = args.findIndex((word) => word.toUpperCase() === 'STREAMS');
  const names = args.slice(at + 1, at + 1 + (args.length - at - 1) / 2);
  const ids = args.slice(at + 1 + names.length);
  const found = names.flatMap((name, index): [Reply, Reply][] => {
    const after = parseId(argument(ids, index).replace('$', String(LAST)), 0);
    const entries = entriesOf(context, name).filter(({ id }) => compareIds(id, after) > 0);
    return entries.length === 0 ? [] : [[name, entries.map(showEntry)]];
  });
  return found.length === 0 ? new NullArray() : new Pairs(found);
}

function describe({ keyspace }: CommandContext, name: string): Reply {
  const value = keyspace.find(name, 'stream');
  if (value === undefined) throw new RedisFailure('ERR no such key');
  const { entries, last, added } = value.stream;
  const [first] = entries;
  const final = entries.at(-1);
  return new Pairs([
    ['length', entries.length],
    ['radix-tree-keys', 1],
    ['radix-tree-nodes', 2],
    ['last-generated-id', formatId(last)],
    ['max-deleted-entry-id', '0-0'],
    ['entries-added', added],
    ['recorded-first-entry-id', first === undefined ? '0-0' : formatId(first.id)],
    ['groups', 0],
    ['first-entry', first === undefined ? null : showEntry(first)],
    ['last-entry', final === undefined ? null : showEntry(final)],
  ]);
}

export const STREAM_COMMANDS: Commands = {
  XADD: grows(-4, add),
  XTRIM: shrinks(-3, ({ keyspace }, [name = '', ...rest]) => {
    const trim = parseTrim(rest);
    if (trim === null) throw new RedisFailure('ERR syntax error');
    return keyspace.find(name, 'stream')?.stream.trimTo(trim.length, trim.exactly) ?? 0;
  }),
  XDEL: shrinks(-2, ({ keyspace }, [name = '', ...ids]) => {
    const stream = keyspace.find(name, 'stream')?.stream;
    if (stream === undefined) return 0;
    const before = stream.entries.length;
    const doomed = new Set(ids.map((id) => formatId(parseId(id, 0))));
    stream.entries = stream.entries.filter(({ id }) => !doomed.has(formatId(id)));
    return before - stream.entries.length;
  }),
  XLEN: reads(1, (context, [name = '']) => entriesOf(context, name).length),
  XRANGE: reads(-3, (context, [name = '', from = '', to = '', ...options]) => {
    const { found, count } = range(context, name, [from, to], options);
    return found.slice(0, count).map(showEntry);
  }),
  XREVRANGE: reads(-3, (context, [name = '', to = '', from = '', ...options]) => {
    const { found, count } = range(context, name, [from, to], options);
    return [...found].reverse().slice(0, count).map(showEntry);
  }),
  XREAD: reads(-3, read),
  XINFO: reads(-2, (context, [, name = '']) => describe(context, name)),
};
