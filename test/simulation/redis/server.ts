import type { Command, CommandContext, Commands } from './command.ts';
import { argument, toFloat, toInteger } from './command.ts';
import { HASH_COMMANDS, SET_COMMANDS } from './commands-hashes.ts';
import { KEY_COMMANDS } from './commands-keys.ts';
import { LIST_COMMANDS } from './commands-lists.ts';
import { SORTED_SET_COMMANDS } from './commands-sorted-sets.ts';
import { STREAM_COMMANDS } from './commands-streams.ts';
import { Keyspace } from './keyspace.ts';
import { type LuaEngine, sha1 } from './lua-engine.ts';
import { Double, Failure, NullArray, OK, Pairs, RedisFailure, type Reply, Status } from './reply.ts';

const COMMANDS: Commands = {
  ...KEY_COMMANDS,
  ...HASH_COMMANDS,
  ...SET_COMMANDS,
  ...LIST_COMMANDS,
  ...SORTED_SET_COMMANDS,
  ...STREAM_COMMANDS,
};

/** All of whose words are keys. */
const MANY_KEYS = new Set(['DEL', 'UNLINK']);

const OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
const READ_ONLY = "READONLY You can't write against a read only replica.";

const CONFIGURATION: readonly (readonly [string, string])[] = [
  ['maxmemory-policy', 'noeviction'],
  ['appendonly', 'yes'],
  ['appendfsync', 'everysec'],
];

export interface ServerOptions {
  readonly engine: LuaEngine;
  /** Ms epoch, with fractions. */
  readonly now: () => number;
  readonly random: () => number;
  /** Gets what is carried out, one command after the other. */
  readonly record?: ((recorded: Recorded) => void) | undefined;
}

export type Recorded =
  | { readonly us: number; readonly words: readonly string[]; readonly reply: Reply }
  | { readonly expired: string };

/** One connection, as the server has it. */
export class Session {
  resp3 = false;
  /** Of a connection to what was the primary before a failover: it is a replica now. */
  readOnly = false;
  /** How many servers have taken over, to the one that it leads to. */
  readonly era: number;
  /** When a write was refused for that, ms on the server's clock. */
  readonly refusedAt: number[] = [];
  /** Commands of a transaction that has begun. */
  queue: string[][] | null = null;
  spoiled = false;
  readonly answer: (reply: Reply) => void;

  constructor(answer: (reply: Reply) => void, era: number) {
    this.answer = answer;
    this.era = era;
  }
}

interface Blocked {
  readonly session: Session;
  readonly names: readonly string[];
  readonly timer: NodeJS.Timeout | null;
}

/**
 * The part of Redis 7.0 that Veriqueue and BullMQ use, carried out in this process by a clock and dice that it is given.
 * `redis.differential.test.ts` holds it against a real one.
 */
export class RedisServer {
  keyspace: Keyspace;
  /** Whether writes that need memory are refused. */
  full = false;
  /** Of all connections that were open at any time. */
  readonly sessions: Session[] = [];
  readonly #scripts = new Map<string, string>();
  readonly #options: ServerOptions;
  readonly #sessions = new Set<Session>();
  #era = 0;
  #blocked: Blocked[] = [];

  constructor(options: ServerOptions) {
    this.#options = options;
    this.keyspace = new Keyspace(this.#nowMs, (expired) => options.record?.({ expired }));
  }

  open(answer: (reply: Reply) => void): Session {
    const session = new Session(answer, this.#era);
    this.#sessions.add(session);
    this.sessions.push(session);
    return session;
  }

  close(session: Session): void {
    this.#sessions.delete(session);
    this.#unblock((blocked) => blocked.session === session);
  }

  /** What is written from now on is kept apart. */
  copyData(): Keyspace {
    return this.keyspace.copy(this.#nowMs);
  }

  /** Another server takes over with this data. The old one goes on as its replica, for the connections that it has. */
  promote(data: Keyspace): void {
    this.keyspace = data.copy(this.#nowMs);
    this.#era += 1;
    this.flushScripts();
    for (const session of this.#sessions) session.readOnly = true;
  }

  flushScripts(): void {
    this.#scripts.clear();
  }

  /** Carries out what one connection sent, and answers it. */
  handle(session: Session, words: readonly string[]): void {
    const reply = this.#guard(() => this.#dispatch(session, words));
    if (reply !== 'later') session.answer(reply);
    this.#serveBlocked();
  }

  readonly #nowMs = (): number => Math.floor(this.#options.now());

  #guard(run: () => Reply | 'later'): Reply | 'later' {
    try {
      return run();
    } catch (error) {
      if (error instanceof RedisFailure) return new Failure(error.message);
      throw error;
    }
  }

  #dispatch(session: Session, words: readonly string[]): Reply | 'later' {
    const name = argument(words, 0).toUpperCase();
    const args = words.slice(1);
    if (session.queue !== null && !['EXEC', 'DISCARD', 'MULTI'].includes(name)) {
      const refusal = this.#refusalOf(session, name);
      if (refusal !== null) {
        session.spoiled = true;
        throw refusal;
      }
      session.queue.push([...words]);
      return new Status('QUEUED');
    }
    if (name === 'BZPOPMIN') return this.#blockingPop(session, args);
    return this.#run(session, name, args);
  }

  #refusalOf(session: Session, name: string): RedisFailure | null {
    const command = COMMANDS[name];
    if (command === undefined) {
      return ['EVAL', 'EVALSHA', 'PING', 'SCRIPT'].includes(name) ? null : unknownCommand(name);
    }
    if (command.writes && session.readOnly) return this.#refuseAsReplica(session);
    return command.grows && this.full ? new RedisFailure(OUT_OF_MEMORY) : null;
  }

  #refuseAsReplica(session: Session): RedisFailure {
    session.refusedAt.push(this.#nowMs());
    return new RedisFailure(READ_ONLY);
  }

  #run(session: Session, name: string, args: readonly string[]): Reply {
    const command = COMMANDS[name];
    if (command === undefined) return this.#runOfServer(session, name, args);
    const refusal = this.#refusalOf(session, name);
    if (refusal !== null) throw refusal;
    const context = this.#context();
    const reply = this.#guard(() => runCommand(context, name, command, args));
    return this.#recorded(context.nowUs(), [name, ...args], reply);
  }

  #recorded(us: number, words: readonly string[], reply: Reply | 'later'): Reply {
    if (reply === 'later') throw new Error('Only a connection can wait');
    this.#options.record?.({ us, words, reply });
    return reply;
  }

  #context(): CommandContext {
    const { now, random } = this.#options;
    return { keyspace: this.keyspace, nowUs: () => Math.floor(now() * 1_000), random };
  }

  #runOfServer(session: Session, name: string, args: readonly string[]): Reply {
    switch (name) {
      case 'EVAL':
        return this.#evaluate(session, argument(args, 0), args.slice(1));
      case 'EVALSHA': {
        const source = this.#scripts.get(argument(args, 0).toLowerCase());
        if (source === undefined) throw new RedisFailure('NOSCRIPT No matching script. Please use EVAL.');
        return this.#evaluate(session, source, args.slice(1));
      }
      case 'SCRIPT':
        return this.#script(args);
      case 'MULTI':
        session.queue = [];
        session.spoiled = false;
        return OK;
      case 'DISCARD':
        session.queue = null;
        return OK;
      case 'EXEC':
        return this.#execute(session);
      case 'HELLO':
        session.resp3 = args[0] === '3';
        return new Pairs([
          ['server', 'redis'],
          ['version', '7.0.15'],
          ['proto', session.resp3 ? 3 : 2],
          ['id', 1],
          ['mode', 'standalone'],
          ['role', 'master'],
          ['modules', []],
        ]);
      case 'INFO':
        return this.#info(session);
      case 'CONFIG':
        return new Pairs(CONFIGURATION.filter(([name]) => args.includes(name)));
      case 'PING':
        return new Status('PONG');
      case 'CLIENT':
      case 'SELECT':
      case 'AUTH':
      case 'QUIT':
        return OK;
      default:
        throw unknownCommand(name);
    }
  }

  #info(session: Session): string {
    const facts = {
      redis_version: '7.0.15',
      redis_mode: 'standalone',
      loading: 0,
      role: session.readOnly ? 'slave' : 'master',
      master_link_status: 'up',
      master_replid: String(session.era).padStart(40, '0'),
      maxmemory: 1_000_000_000,
      maxmemory_policy: 'noeviction',
      aof_enabled: 1,
      cluster_enabled: 0,
      used_memory: 1_000_000,
    };
    return Object.entries(facts)
      .map(([fact, value]) => `${fact}:${value}\r\n`)
      .join('');
  }

  #script(args: readonly string[]): Reply {
    const action = argument(args, 0).toUpperCase();
    if (action === 'FLUSH') {
      this.flushScripts();
      return OK;
    }
    if (action === 'EXISTS') return args.slice(1).map((sha) => (this.#scripts.has(sha) ? 1 : 0));
    const source = argument(args, 1);
    const sha = sha1(source);
    this.#scripts.set(sha, source);
    return sha;
  }

  #evaluate(session: Session, source: string, rest: readonly string[]): Reply {
    this.#scripts.set(sha1(source), source);
    const count = toInteger(rest[0]);
    const context = this.#context();
    // The clock stands still while a script runs.
    const us = context.nowUs();
    const frozen: CommandContext = { ...context, nowUs: () => us };
    const startedFull = this.full;
    let wrote = false;
    const reply = this.#options.engine.run(
      source,
      rest.slice(1, 1 + count),
      rest.slice(1 + count),
      (words) => {
        const name = argument(words, 0).toUpperCase();
        const command = COMMANDS[name];
        if (command === undefined) {
          throw new RedisFailure('ERR Unknown Redis command called from script');
        }
        if (command.writes && session.readOnly) throw this.#refuseAsReplica(session);
        // What has begun to write is let through, or half of it would stay.
        if (command.grows && startedFull && !wrote) throw new RedisFailure(OUT_OF_MEMORY);
        const reply = runCommand(frozen, name, command, words.slice(1));
        wrote ||= command.writes;
        return reply;
      },
    );
    return this.#recorded(us, ['EVAL', source, ...rest], reply);
  }

  #execute(session: Session): Reply {
    const { queue } = session;
    session.queue = null;
    if (queue === null) throw new RedisFailure('ERR EXEC without MULTI');
    if (session.spoiled) {
      throw new RedisFailure('EXECABORT Transaction discarded because of previous errors.');
    }
    return queue.map(([name = '', ...args]) => {
      const reply = this.#guard(() => this.#run(session, name.toUpperCase(), args));
      return reply === 'later' ? null : reply;
    });
  }

  #blockingPop(session: Session, args: readonly string[]): Reply | 'later' {
    const names = args.slice(0, -1);
    const seconds = toFloat(argument(args, args.length - 1));
    const popped = this.#popFirst(session, names);
    if (popped !== null) return popped;
    const blocked: Blocked = {
      session,
      names,
      timer: seconds === 0 ? null : setTimeout(() => this.#expire(blocked), seconds * 1_000),
    };
    this.#blocked.push(blocked);
    return 'later';
  }

  #popFirst(session: Session, names: readonly string[]): Reply {
    for (const name of names) {
      const [first] = this.keyspace.find(name, 'zset')?.scores.order ?? [];
      if (first === undefined) continue;
      this.#run(session, 'ZPOPMIN', [name]);
      return [name, first.member, new Double(first.score)];
    }
    return null;
  }

  #expire(blocked: Blocked): void {
    this.#unblock((each) => each === blocked);
    blocked.session.answer(new NullArray());
  }

  #unblock(isDone: (blocked: Blocked) => boolean): void {
    for (const blocked of this.#blocked.filter(isDone)) {
      if (blocked.timer !== null) clearTimeout(blocked.timer);
    }
    this.#blocked = this.#blocked.filter((blocked) => !isDone(blocked));
  }

  /** The connection that has waited longest is served first. */
  #serveBlocked(): void {
    for (const blocked of [...this.#blocked]) {
      if (blocked.session.readOnly) continue;
      const reply = this.#guard(() => this.#popFirst(blocked.session, blocked.names));
      if (reply === null || reply === 'later') continue;
      this.#unblock((each) => each === blocked);
      blocked.session.answer(reply);
    }
  }
}

function runCommand(
  context: CommandContext,
  name: string,
  { arity, writes, run }: Command,
  args: readonly string[],
): Reply {
  if (arity < 0 ? args.length < -arity : args.length !== arity) {
    throw new RedisFailure(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
  }
  if (writes) for (const each of MANY_KEYS.has(name) ? args : args.slice(0, 1)) context.keyspace.touch(each);
  return run(context, args);
}

function unknownCommand(name: string): RedisFailure {
  return new RedisFailure(`ERR unknown command '${name}', with args beginning with: `);
}
