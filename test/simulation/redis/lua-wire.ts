import type { LuaMachine } from './lua-machine.ts';
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

/** As `lua-redis-wasm` tags what goes in and out. */
const TAG = { null: 0, integer: 1, bulk: 2, array: 3, status: 4, error: 5, scriptError: 6 } as const;
const HEAD_BYTES = 5;
const INTEGER_BYTES = 8;
const TWO_TO_32 = 4_294_967_296;

export interface Place {
  readonly at: number;
  readonly length: number;
}

/** Texts are binary: one character a byte. The place is to be freed. */
export function writeWords({ alloc, bytes, view }: LuaMachine, words: readonly string[]): Place {
  let length = 4;
  for (const word of words) length += 4 + word.length;
  const at = alloc(length);
  view.setUint32(at, words.length, true);
  let end = at + 4;
  for (const word of words) {
    view.setUint32(end, word.length, true);
    bytes.write(word, end + 4, 'latin1');
    end += 4 + word.length;
  }
  return { at, length };
}

export function readWords({ bytes, view }: LuaMachine, { at }: Place): string[] {
  const words: string[] = [];
  let end = at + 4;
  for (let left = view.getUint32(at, true); left > 0; left -= 1) {
    const length = view.getUint32(end, true);
    words.push(bytes.toString('latin1', end + 4, end + 4 + length));
    end += 4 + length;
  }
  return words;
}

/** What a script gets from a command, in RESP2. The place is Lua's from then on. */
export function writeReply(machine: LuaMachine, reply: Reply): Place {
  const plain = plainOf(reply);
  const length = lengthOf(plain);
  const at = machine.alloc(length);
  write(machine, at, plain);
  return { at, length };
}

/** @returns where it ends */
function write(machine: LuaMachine, at: number, value: Plain): number {
  if (value === null) return writeHead(machine, at, TAG.null, 0);
  if (typeof value === 'string') return writeText(machine, at, TAG.bulk, value);
  if (value instanceof Status) return writeText(machine, at, TAG.status, value.text);
  if (value instanceof Failure) return writeText(machine, at, TAG.error, value.message);
  if (typeof value === 'number') {
    const end = writeHead(machine, at, TAG.integer, INTEGER_BYTES);
    machine.view.setInt32(end + 4, Math.floor(value / TWO_TO_32), true);
    machine.view.setUint32(end, value, true);
    return end + INTEGER_BYTES;
  }
  let end = writeHead(machine, at, TAG.array, value.length);
  for (const each of value) end = write(machine, end, each);
  return end;
}

function writeHead({ bytes, view }: LuaMachine, at: number, tag: number, count: number): number {
  bytes[at] = tag;
  view.setUint32(at + 1, count, true);
  return at + HEAD_BYTES;
}

function writeText(machine: LuaMachine, at: number, tag: number, text: string): number {
  const end = writeHead(machine, at, tag, text.length);
  machine.bytes.write(text, end, 'latin1');
  return end + text.length;
}

type Plain = null | number | string | Status | Failure | readonly Plain[];

function plainOf(reply: Reply): Plain {
  if (reply === null || typeof reply === 'string' || typeof reply === 'number') return reply;
  if (reply instanceof Status || reply instanceof Failure) return reply;
  if (reply instanceof NullArray) return null;
  if (reply instanceof Double) return formatDouble(reply.value);
  if (reply instanceof Pairs || reply instanceof ScoredMembers) return reply.entries.flat().map(plainOf);
  if (reply instanceof Members) return reply.members;
  const items: readonly Reply[] = reply;
  return items.map(plainOf);
}

function lengthOf(value: Plain): number {
  if (value === null) return HEAD_BYTES;
  if (typeof value === 'string') return HEAD_BYTES + value.length;
  if (typeof value === 'number') return HEAD_BYTES + INTEGER_BYTES;
  if (value instanceof Status) return HEAD_BYTES + value.text.length;
  if (value instanceof Failure) return HEAD_BYTES + value.message.length;
  let length = HEAD_BYTES;
  for (const each of value) length += lengthOf(each);
  return length;
}

/** An error that ended a script, and the line where, or 0. */
export class ScriptError {
  readonly message: string;
  readonly line: number;

  constructor(message: string, line: number) {
    this.message = message;
    this.line = line;
  }
}

/** What a script returned. */
export function readReply(machine: LuaMachine, { at }: Place): Reply | ScriptError {
  return read(machine, { at });
}

/** Moves `cursor` on to what comes next. */
function read(machine: LuaMachine, cursor: { at: number }): Reply | ScriptError {
  const { bytes, view } = machine;
  const tag = bytes[cursor.at];
  const count = view.getUint32(cursor.at + 1, true);
  const from = cursor.at + HEAD_BYTES;
  cursor.at = tag === TAG.array ? from : from + count;
  switch (tag) {
    case TAG.null:
      return null;
    case TAG.integer:
      return view.getInt32(from + 4, true) * TWO_TO_32 + view.getUint32(from, true);
    case TAG.bulk:
      return bytes.toString('latin1', from, cursor.at);
    case TAG.status:
      return new Status(bytes.toString('latin1', from, cursor.at));
    case TAG.error:
      return new Failure(bytes.toString('latin1', from, cursor.at));
    case TAG.scriptError:
      return new ScriptError(bytes.toString('latin1', from + 4, cursor.at), view.getUint32(from, true));
    case TAG.array: {
      const items: Reply[] = [];
      for (let left = count; left > 0; left -= 1) {
        const item = read(machine, cursor);
        if (item instanceof ScriptError) throw new Error('An error of a script stands in its reply');
        items.push(item);
      }
      return items;
    }
    default:
      throw new Error(`A script returned what RESP2 does not have: tag ${tag}`);
  }
}
