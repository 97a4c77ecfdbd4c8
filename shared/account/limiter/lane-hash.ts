import { type GateStatus, type LaneRecord, NEW_LANE, type SecondTally } from './lane-record.ts';

/** The lane's record as the fields of its Redis hash. `s<n>`: ring entries; `t<n>`: tallies; the rest by name. */
export type LaneHash = Readonly<Record<string, string>>;

export const LANE_NUMBERS = [
  'size',
  'seq',
  'from',
  'lastUs',
  'silentUntilUs',
  'pacedUntilUs',
  'rateMilli',
  'rateAtUs',
  'marginUs',
  'marginSeq',
  'marginAtUs',
  'gateSinceUs',
  'gateSeq',
  'probeAtUs',
  'probeSeq',
  'graceUntilUs',
  'pausedSinceUs',
] as const;

/** A record read back from its hash; a missing field is as in a new lane, so an empty hash is a new lane. */
export function parseLaneHash(hash: LaneHash): LaneRecord {
  const numbers = Object.fromEntries(
    LANE_NUMBERS.map((name) => [name, hash[name] === undefined ? NEW_LANE[name] : Number(hash[name])]),
  );
  return {
    ...NEW_LANE,
    ...numbers,
    gate: parseGate(hash['gate']),
    gateReason: hash['gateReason'] ?? '',
    pausedReason: hash['pausedReason'] ?? '',
    personResults: hash['personResults'] ?? '',
    refusals: triples(hash['refusals']).map(([seq, atUs]) => ({ seq: Number(seq), atUs: Number(atUs) })),
    line: triples(hash['line']).map(([id, keyUs, dueUs]) => ({
      id: id ?? '',
      keyUs: Number(keyUs),
      dueUs: Number(dueUs),
    })),
    slots: new Map(indexed(hash, 's').map(([index, value]) => [index, Number(value)])),
    tallies: new Map(indexed(hash, 't').map(([index, value]) => [index, parseTally(value)])),
  };
}

function parseGate(text: string | undefined): GateStatus {
  return text === 'slow' || text === 'held' ? text : '';
}

function parseTally(text: string): SecondTally {
  const [second, granted, refused] = text.split(':').map(Number);
  return { second: second ?? 0, granted: granted ?? 0, refused: refused ?? 0 };
}

function triples(text: string | undefined): string[][] {
  return text ? text.split(',').map((each) => each.split(':')) : [];
}

function indexed(hash: LaneHash, prefix: 's' | 't'): [number, string][] {
  return Object.entries(hash).flatMap(([name, value]): [number, string][] =>
    name.startsWith(prefix) && /^\d+$/.test(name.slice(1)) ? [[Number(name.slice(1)), value]] : [],
  );
}
