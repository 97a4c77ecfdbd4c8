import type { Keyspace } from './keyspace.ts';
import { RedisFailure, type Reply } from './reply.ts';

/** What a command may touch. */
export interface CommandContext {
  readonly keyspace: Keyspace;
  /** Microseconds since the epoch, of the server's clock. */
  readonly nowUs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

export interface Command {
  /** Without the command's name; negative: at least so many. */
  readonly arity: number;
  readonly writes: boolean;
  /** Refused when memory is full. */
  readonly grows: boolean;
  readonly run: (context: CommandContext, args: readonly string[]) => Reply;
}

export type Commands = Readonly<Record<string, Command>>;
type Run = Command['run'];

export const reads = (arity: number, run: Run): Command => ({ arity, writes: false, grows: false, run });
export const grows = (arity: number, run: Run): Command => ({ arity, writes: true, grows: true, run });
export const shrinks = (arity: number, run: Run): Command => ({ arity, writes: true, grows: false, run });

export function argument(args: readonly string[], index: number): string {
  const text = args[index];
  if (text === undefined) throw syntaxError();
  return text;
}

export function toInteger(text: string | undefined): number {
  if (text === undefined || !/^-?\d+$/.test(text)) {
    throw new RedisFailure('ERR value is not an integer or out of range');
  }
  return Number(text);
}

export function toFloat(text: string): number {
  const lower = text.toLowerCase();
  if (/^[+-]?inf(inity)?$/.test(lower))
    return lower.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new RedisFailure('ERR value is not a valid float');
  return value;
}

export const syntaxError = (): RedisFailure => new RedisFailure('ERR syntax error');

/** As Redis counts: negative from the end, both ends included. */
export function sliceRange<Item>(items: readonly Item[], from: string, to: string): Item[] {
  const { start, end } = boundsOf(items.length, toInteger(from), toInteger(to));
  return items.slice(start, end);
}

export function boundsOf(length: number, from: number, to: number): { start: number; end: number } {
  const start = Math.max(0, from < 0 ? length + from : from);
  const end = Math.min(length, (to < 0 ? length + to : to) + 1);
  return start >= end ? { start: 0, end: 0 } : { start, end };
}

export function inPairs(items: readonly string[]): [string, string][] {
  if (items.length % 2 !== 0) throw syntaxError();
  const pairs: [string, string][] = [];
  for (let at = 0; at < items.length; at += 2) {
    pairs.push([argument(items, at), argument(items, at + 1)]);
  }
  return pairs;
}

/** SCAN and its kind: one page holds all, so every cursor ends the walk. */
export function matching(args: readonly string[]): (text: string) => boolean {
  const at = args.findIndex((each) => each.toUpperCase() === 'MATCH');
  return at < 0 ? () => true : globOf(argument(args, at + 1));
}

export function globOf(pattern: string): (text: string) => boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|]/g, String.raw`\$&`)
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}
