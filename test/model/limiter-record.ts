import type { CircuitStatus, LimiterFacts, SecondTally } from '../../shared/account/limiter/limiter-facts.ts';
import type { LimiterReply } from '../../shared/account/limiter/limiter-reply.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';

/** A process that waits for its turn. */
export interface Waiting {
  readonly id: string;
  /** Of equals the smaller goes first: the instant it began to wait, less the head start of the urgent. */
  readonly keyUs: number;
  /** Absent for a process of the version before. */
  readonly class?: number;
  readonly tag?: number;
  /** When it is to come back. */
  readonly dueUs: number;
}

interface Refusal {
  readonly seq: number;
  readonly atUs: number;
}

/**
 * Everything a limiter knows, as kept in its one hash. Instants in microseconds of Redis' clock, 0 for never.
 *
 * Slots are numbered from 1. `slots` is a ring of `size` entries: at `seq % size` stands the latest instant at which
 * that slot's request may have been sent: the granted instant plus the tolerance until its holder writes back when it
 * sent, 0 when it writes back that it did not send.
 */
export interface LimiterRecord extends LimiterFacts {
  readonly size: number;
  readonly seq: number;
  /** The first slot the ring knows about; what came before it was lost, or is no longer comparable. */
  readonly from: number;
  /** Instant of the newest slot. */
  readonly lastUs: number;
  readonly silentUntilUs: number;
  /** Redis' clock was set back: where it reads this again, what was sent before it is out of every window. */
  readonly formerClockUntilUs: number;
  /** Until then slots keep the full even spacing, because the ring does not know the second before. */
  readonly pacedUntilUs: number;
  readonly slots: ReadonlyMap<number, number>;
  /** Effective rate in thousandths of a request per second. */
  readonly rateMilli: number;
  readonly rateAtUs: number;
  readonly marginUs: number;
  readonly marginSeq: number;
  readonly marginAtUs: number;
  /** Oldest first, at most `MAX_REFUSALS`. */
  readonly refusals: readonly Refusal[];
  /** By `second % TALLY_SECONDS`. */
  readonly tallies: ReadonlyMap<number, SecondTally>;
  readonly waiters: readonly Waiting[];
  /**
   * What came of the latest attempt about each of the latest people, oldest first: `<tag>:1` where it failed transiently,
   * `<tag>:0` where it did not, separated by commas. Repeats about one person are one piece of evidence: a few people about
   * whom every attempt fails say nothing about the upstream.
   */
  readonly personResults: string;
  /** People whose faults have closed it, the oldest first, until they are answered: each is believed once. */
  readonly blamed: readonly string[];
  /** By process, the last command's number and reply. */
  readonly replies: ReadonlyMap<string, { readonly number: number; readonly reply: LimiterReply }>;
  readonly gate: CircuitStatus;
  readonly gateReason: string;
  readonly gateSinceUs: number;
  /** Reports about slots up to this one are older than the gate's last change and do not move it. */
  readonly gateSeq: number;
  readonly probeAtUs: number;
  readonly probeSeq: number;
  /** An operator has resumed the lane: until then, transient failures do not slow it down again. */
  readonly graceUntilUs: number;
  /** 0 when not paused. */
  readonly pausedSinceUs: number;
  readonly pausedReason: string;
  /** Of writes, the one that a process has found Redis to go on with; empty until one finds another than before. */
  readonly history: string;
}

export const MAX_REFUSALS = 32;
export const NEW_LIMITER: LimiterRecord = {
  size: 0,
  seq: 0,
  from: 1,
  lastUs: 0,
  silentUntilUs: 0,
  formerClockUntilUs: 0,
  pacedUntilUs: 0,
  slots: new Map(),
  rateMilli: 0,
  rateAtUs: 0,
  marginUs: 0,
  marginSeq: 0,
  marginAtUs: 0,
  refusals: [],
  tallies: new Map(),
  waiters: [],
  personResults: '',
  blamed: [],
  replies: new Map(),
  gate: '',
  gateReason: '',
  gateSinceUs: 0,
  gateSeq: 0,
  probeAtUs: 0,
  probeSeq: 0,
  graceUntilUs: 0,
  pausedSinceUs: 0,
  pausedReason: '',
  history: '',
  lostSinceUs: 0,
  lostPausedUs: 0,
  lostHeldUs: 0,
  lostSlowUs: 0,
  lostRateUs: 0,
};

/** The arithmetic at the limiter's present rate and margin. */
export interface Pace {
  /** Slots per span: the quota, fewer while the rate is cut. */
  readonly count: number;
  /** Any `count + 1` consecutive slots span at least this long. */
  readonly spanUs: number;
  /** Even spacing. */
  readonly gapUs: number;
  /** The spacing two slots keep at least. */
  readonly softUs: number;
}

/** A fractional rate r is kept as ⌈r⌉ slots per ⌈r⌉/r seconds. */
export function computePace(record: LimiterRecord, settings: LimiterSettings): Pace {
  const count = Math.ceil(record.rateMilli / 1000);
  const spanUs = Math.ceil((settings.windowUs * count * 1000) / record.rateMilli) + record.marginUs;
  const gapUs = Math.ceil(spanUs / count);
  return { count, spanUs, gapUs, softUs: Math.floor((gapUs * settings.spacingPermille) / 1000) };
}
