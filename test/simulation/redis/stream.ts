import { RedisFailure } from './reply.ts';

export interface StreamId {
  readonly ms: number;
  readonly seq: number;
}

export interface StreamEntry {
  readonly id: StreamId;
  readonly fields: readonly string[];
}

/** Of a node of Redis' radix tree: `MAXLEN ~` removes whole ones. */
const NODE_ENTRIES = 100;

export class Stream {
  entries: StreamEntry[] = [];
  last: StreamId = { ms: 0, seq: 0 };
  added = 0;

  add(id: StreamId, fields: readonly string[]): void {
    if (compareIds(id, this.last) <= 0) {
      throw new RedisFailure(
        'ERR The ID specified in XADD is equal or smaller than the target stream top item',
      );
    }
    this.entries.push({ id, fields });
    this.last = id;
    this.added += 1;
  }

  nextId(now: number): StreamId {
    return now > this.last.ms ? { ms: now, seq: 0 } : { ms: this.last.ms, seq: this.last.seq + 1 };
  }

  trimTo(length: number, exactly: boolean): number {
    const surplus = Math.max(0, this.entries.length - length);
    const removed = exactly ? surplus : surplus - (surplus % NODE_ENTRIES);
    this.entries.splice(0, removed);
    return removed;
  }

  copy(): Stream {
    const copy = new Stream();
    copy.entries = [...this.entries];
    copy.last = this.last;
    copy.added = this.added;
    return copy;
  }
}

export const formatId = ({ ms, seq }: StreamId): string => `${ms}-${seq}`;

export function compareIds(a: StreamId, b: StreamId): number {
  return a.ms - b.ms || a.seq - b.seq;
}

/** @param seq of an id that names none */
export function parseId(text: string, seq: number): StreamId {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (match === null) throw new RedisFailure('ERR Invalid stream ID specified as stream command argument');
  return { ms: Number(match[1]), seq: match[2] === undefined ? seq : Number(match[2]) };
}
