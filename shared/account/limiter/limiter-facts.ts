/** What happened in one second of Redis' clock. */
export interface SecondTally {
  readonly second: number;
  readonly granted: number;
  readonly refused: number;
}

/** `slow` and `held`: closed to all but probes. */
export type CircuitStatus = '' | 'slow' | 'held';

/**
 * What operators and metrics need of the limiter's hash, whose fields the script's `fragments/record.lua` names. Instants in
 * microseconds of Redis' clock, 0 for never.
 */
export interface LimiterFacts {
  /** The quota; 0 before the first slot. */
  readonly size: number;
  readonly seq: number;
  /** Effective rate in thousandths of a request per second. */
  readonly rateMilli: number;
  readonly marginUs: number;
  readonly gate: CircuitStatus;
  readonly gateReason: string;
  readonly gateSinceUs: number;
  readonly probeAtUs: number;
  /** 0 when not paused. */
  readonly pausedSinceUs: number;
  readonly pausedReason: string;
  /** Since when time has been lost that is not added up yet; 0 while none is. */
  readonly lostSinceUs: number;
  /** Added up since the limiter began, by why: see the script's `fragments/lost-time.lua`. */
  readonly lostPausedUs: number;
  readonly lostHeldUs: number;
  readonly lostSlowUs: number;
  readonly lostRateUs: number;
  /** Processes that wait, by when they were to come back. */
  readonly waiters: readonly { readonly dueUs: number }[];
  /** By `second % TALLY_SECONDS`. */
  readonly tallies: ReadonlyMap<number, SecondTally>;
}

/** Ten minutes, for the chart of arrivals, and a little more: the oldest second is not overwritten while it is read. */
export const TALLY_SECONDS = 640;

const NUMBERS = [
  'size',
  'seq',
  'rateMilli',
  'marginUs',
  'gateSinceUs',
  'probeAtUs',
  'pausedSinceUs',
  'lostSinceUs',
  'lostPausedUs',
  'lostHeldUs',
  'lostSlowUs',
  'lostRateUs',
] as const;

/** The fields to read besides the tallies. */
export const FACT_FIELDS: readonly string[] = [...NUMBERS, 'gate', 'gateReason', 'pausedReason', 'line'];

/** @param hash a missing field is 0 or empty, as in a limiter that is new */
export function parseLimiterFacts(hash: Readonly<Record<string, string>>): LimiterFacts {
  const number = (name: (typeof NUMBERS)[number]) => Number(hash[name] ?? 0);
  return {
    size: number('size'),
    seq: number('seq'),
    rateMilli: number('rateMilli'),
    marginUs: number('marginUs'),
    gateSinceUs: number('gateSinceUs'),
    probeAtUs: number('probeAtUs'),
    pausedSinceUs: number('pausedSinceUs'),
    gate: parseCircuitStatus(hash['gate']),
    gateReason: hash['gateReason'] ?? '',
    pausedReason: hash['pausedReason'] ?? '',
    lostSinceUs: number('lostSinceUs'),
    lostPausedUs: number('lostPausedUs'),
    lostHeldUs: number('lostHeldUs'),
    lostSlowUs: number('lostSlowUs'),
    lostRateUs: number('lostRateUs'),
    waiters:
      (hash['line'] || undefined)?.split(',').map((each) => ({ dueUs: Number(each.split(':')[2]) })) ?? [],
    tallies: parseTallies(hash),
  };
}

export function parseCircuitStatus(text: string | undefined): CircuitStatus {
  return text === 'slow' || text === 'held' ? text : '';
}

/** The fields `t<n>`. */
export function parseTallies(hash: Readonly<Record<string, string>>): ReadonlyMap<number, SecondTally> {
  return new Map(
    Object.entries(hash).flatMap(([name, value]): [number, SecondTally][] =>
      /^t\d+$/.test(name) ? [[Number(name.slice(1)), parseTally(value)]] : [],
    ),
  );
}

function parseTally(text: string): SecondTally {
  const [second, granted, refused] = text.split(':').map(Number);
  return { second: second ?? 0, granted: granted ?? 0, refused: refused ?? 0 };
}
