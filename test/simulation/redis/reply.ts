/** What a command answers, before it is written in RESP2 or RESP3. Text is binary: one character a byte. */
export type Reply =
  | null
  | number
  | string
  | readonly Reply[]
  | Status
  | Failure
  | Double
  | Pairs
  | Members
  | ScoredMembers
  | NullArray;

export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export const OK = new Status('OK');

/** An error as the value of a reply; thrown as {@link RedisFailure}. */
export class Failure {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

export class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A map in RESP3, a flat array in RESP2 and in Lua. */
export class Pairs {
  readonly entries: readonly (readonly [Reply, Reply])[];

  constructor(entries: readonly (readonly [Reply, Reply])[]) {
    this.entries = entries;
  }
}

/** A set in RESP3. */
export class Members {
  readonly members: readonly string[];

  constructor(members: readonly string[]) {
    this.members = members;
  }
}

/** Pairs of member and score in RESP3, a flat array in RESP2 and in Lua. */
export class ScoredMembers {
  readonly entries: readonly (readonly [string, Double])[];

  constructor(scored: readonly { readonly member: string; readonly score: number }[]) {
    this.entries = scored.map(({ member, score }) => [member, new Double(score)]);
  }
}

/** `*-1` in RESP2. */
export class NullArray {}

export class RedisFailure extends Error {}

export const wrongType = (): RedisFailure =>
  new RedisFailure('WRONGTYPE Operation against a key holding the wrong kind of value');

/** As Redis 7.0 writes scores: `%.17g`. */
export function formatDouble(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  if (value === Number.NEGATIVE_INFINITY) return '-inf';
  if (Number.isInteger(value) && Math.abs(value) < 1e17) return Object.is(value, -0) ? '-0' : String(value);
  const [mantissa = '', exponent] = value.toPrecision(17).split('e');
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  if (exponent === undefined) return short;
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${short}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
}

export function writeReply(reply: Reply, resp3: boolean): string {
  if (reply === null) return resp3 ? '_\r\n' : '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`;
  if (reply instanceof Status) return `+${reply.text}\r\n`;
  if (reply instanceof Failure) return `-${reply.message.replaceAll(/[\r\n]+/g, ' ')}\r\n`;
  if (reply instanceof NullArray) return resp3 ? '_\r\n' : '*-1\r\n';
  if (reply instanceof Double) {
    const text = formatDouble(reply.value);
    return resp3 ? `,${text}\r\n` : `$${text.length}\r\n${text}\r\n`;
  }
  if (reply instanceof Pairs) {
    const body = reply.entries
      .map(([key, value]) => writeReply(key, resp3) + writeReply(value, resp3))
      .join('');
    return resp3 ? `%${reply.entries.length}\r\n${body}` : `*${2 * reply.entries.length}\r\n${body}`;
  }
  if (reply instanceof ScoredMembers) {
    return writeReply(resp3 ? reply.entries : reply.entries.flat(), resp3);
  }
  if (reply instanceof Members) {
    const body = reply.members.map((member) => writeReply(member, resp3)).join('');
    return `${resp3 ? '~' : '*'}${reply.members.length}\r\n${body}`;
  }
  const items: readonly Reply[] = reply;
  return `*${items.length}\r\n${items.map((each) => writeReply(each, resp3)).join('')}`;
}
