import { RedisFailure, wrongType } from './reply.ts';
import { SortedSet } from './sorted-set.ts';
import { Stream } from './stream.ts';

export type Value =
  | { readonly type: 'string'; text: string }
  | { readonly type: 'hash'; readonly fields: Map<string, string> }
  | { readonly type: 'list'; items: string[] }
  | { readonly type: 'set'; readonly members: Set<string> }
  | { readonly type: 'zset'; readonly scores: SortedSet }
  | { readonly type: 'stream'; readonly stream: Stream };

type Type = Value['type'];
type Of<Kind extends Type> = Extract<Value, { type: Kind }>;

interface Entry {
  value: Value;
  /** Ms epoch of the server's clock. */
  expiresAt: number | null;
}

const MAKERS: { readonly [Kind in Type]: () => Of<Kind> } = {
  string: () => ({ type: 'string', text: '' }),
  hash: () => ({ type: 'hash', fields: new Map() }),
  list: () => ({ type: 'list', items: [] }),
  set: () => ({ type: 'set', members: new Set() }),
  zset: () => ({ type: 'zset', scores: new SortedSet() }),
  stream: () => ({ type: 'stream', stream: new Stream() }),
};

/** The keys of one database. A key that is due is gone the moment it is looked at. */
export class Keyspace {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  readonly #onExpired: (name: string) => void;
  #touched = new Set<string>();
  #changes = 0;

  constructor(now: () => number, onExpired: (name: string) => void = () => undefined) {
    this.#now = now;
    this.#onExpired = onExpired;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Another number whenever a key was made, written or deleted. */
  get changes(): number {
    return this.#changes;
  }

  /** Names of what commands were given to write to since this was asked last. */
  takeTouched(): ReadonlySet<string> {
    const touched = this.#touched;
    if (touched.size > 0) this.#touched = new Set();
    return touched;
  }

  now(): number {
    return this.#now();
  }

  names(): string[] {
    return [...this.#entries.keys()].filter((name) => this.#live(name) !== undefined);
  }

  has(name: string): boolean {
    return this.#live(name) !== undefined;
  }

  value(name: string): Value | undefined {
    return this.#live(name)?.value;
  }

  /** @throws RedisFailure when the key is of another type */
  find<Kind extends Type>(name: string, type: Kind): Of<Kind> | undefined {
    const value = this.#live(name)?.value;
    if (value === undefined) return undefined;
    if (value.type !== type) throw wrongType();
    return value as Of<Kind>;
  }

  /** Makes it where it is not there. @throws RedisFailure when the key is of another type */
  need<Kind extends Type>(name: string, type: Kind): Of<Kind> {
    this.touch(name);
    const found = this.find(name, type);
    if (found !== undefined) return found;
    const made: Of<Kind> = MAKERS[type]();
    this.#entries.set(name, { value: made as Value, expiresAt: null });
    return made;
  }

  put(name: string, value: Value, expiresAt: number | null = null): void {
    this.touch(name);
    this.#entries.set(name, { value, expiresAt });
  }

  delete(name: string): boolean {
    return this.#live(name) !== undefined && this.#remove(name);
  }

  rename(from: string, to: string): void {
    const entry = this.#live(from);
    if (entry === undefined) throw new RedisFailure('ERR no such key');
    this.#remove(from);
    this.touch(to);
    this.#entries.set(to, entry);
  }

  expiry(name: string): number | null | undefined {
    const entry = this.#live(name);
    return entry === undefined ? undefined : entry.expiresAt;
  }

  expire(name: string, at: number | null): void {
    const entry = this.#live(name);
    if (entry === undefined) return;
    if (at !== null && at <= this.#now()) this.#remove(name);
    else entry.expiresAt = at;
  }

  /** A collection without members does not exist. */
  tidy(name: string): void {
    const value = this.#entries.get(name)?.value;
    if (value !== undefined && isEmpty(value)) this.#remove(name);
  }

  clear(): void {
    this.#changes += 1;
    this.#entries.clear();
  }

  copy(now: () => number): Keyspace {
    const copy = new Keyspace(now);
    for (const [name, { value, expiresAt }] of this.#entries) {
      copy.#entries.set(name, { value: copyValue(value), expiresAt });
    }
    return copy;
  }

  #live(name: string): Entry | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.expiresAt === null || entry.expiresAt > this.#now()) return entry;
    this.#remove(name);
    this.#onExpired(name);
    return undefined;
  }

  /** Notes that a command was given `name` to write to. */
  touch(name: string): void {
    this.#changes += 1;
    this.#touched.add(name);
  }

  #remove(name: string): boolean {
    this.#changes += 1;
    return this.#entries.delete(name);
  }
}

function isEmpty(value: Value): boolean {
  switch (value.type) {
    case 'hash':
      return value.fields.size === 0;
    case 'list':
      return value.items.length === 0;
    case 'set':
      return value.members.size === 0;
    case 'zset':
      return value.scores.size === 0;
    default:
      return false;
  }
}

function copyValue(value: Value): Value {
  switch (value.type) {
    case 'string':
      return { ...value };
    case 'hash':
      return { type: 'hash', fields: new Map(value.fields) };
    case 'list':
      return { type: 'list', items: [...value.items] };
    case 'set':
      return { type: 'set', members: new Set(value.members) };
    case 'zset':
      return { type: 'zset', scores: value.scores.copy() };
    case 'stream':
      return { type: 'stream', stream: value.stream.copy() };
    default:
      return value satisfies never;
  }
}
