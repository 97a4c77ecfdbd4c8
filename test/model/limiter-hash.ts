import { parseCircuitStatus, parseTallies } from '../../shared/account/limiter/limiter-facts.ts';
import { type LimiterRecord, NEW_LIMITER } from './limiter-record.ts';

/** The limiter's record as the fields of its Redis hash. `s<n>`: ring entries; `t<n>`: tallies; the rest by name. */
export type LimiterHash = Readonly<Record<string, string>>;

const LIMITER_NUMBERS = [
  'size',
  'seq',
  'from',
  'lastUs',
  'silentUntilUs',
  'formerClockUntilUs',
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
  'lostSinceUs',
  'lostPausedUs',
  'lostHeldUs',
  'lostSlowUs',
  'lostRateUs',
] as const;

/** A record read back from its hash; a missing field is as in a new limiter, so an empty hash is one. */
export function parseLimiterHash(hash: LimiterHash): LimiterRecord {
  const numbers = Object.fromEntries(
    LIMITER_NUMBERS.map((name) => [name, hash[name] === undefined ? NEW_LIMITER[name] : Number(hash[name])]),
  );
  return {
    ...NEW_LIMITER,
    ...numbers,
    gate: parseCircuitStatus(hash['gate']),
    gateReason: hash['gateReason'] ?? '',
    pausedReason: hash['pausedReason'] ?? '',
    history: hash['history'] ?? '',
    blamed: (hash['blamed'] ?? '').split(',').filter((each) => each !== ''),
    personResults: hash['personResults'] ?? '',
    refusals: triples(hash['refusals']).map(([seq, atUs]) => ({ seq: Number(seq), atUs: Number(atUs) })),
    waiters: triples(hash['line']).map(([id, keyUs, dueUs, orderClass, tag]) => ({
      id: id ?? '',
      keyUs: Number(keyUs),
      dueUs: Number(dueUs),
      ...(orderClass === undefined ? {} : { class: Number(orderClass), tag: Number(tag) }),
    })),
    slots: new Map(ring(hash).map(([index, value]) => [index, Number(value)])),
    tallies: parseTallies(hash),
  };
}

function triples(text: string | undefined): string[][] {
  return text ? text.split(',').map((each) => each.split(':')) : [];
}

function ring(hash: LimiterHash): [number, string][] {
  return Object.entries(hash).flatMap(([name, value]): [number, string][] =>
    /^s\d+$/.test(name) ? [[Number(name.slice(1)), value]] : [],
  );
}
