import type {
  LimiterChange,
  LimiterReports,
  SentSlot,
} from '../../shared/account/limiter/limiter-command.ts';
import { TALLY_SECONDS } from '../../shared/account/limiter/limiter-facts.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { computePace, type LimiterRecord } from './limiter-record.ts';

/**
 * The log of slots. A slot's instant is a *not-before*: its request does not leave earlier. What the log keeps of it is
 * a *not-after*: its request did not leave later. Slot n opens one window after the not-after of the slot `count` before
 * it, so between any `count + 1` requests lies at least the window plus the margin: no matter how late a timer fired,
 * whose process died, or in which order processes wrote back. The margin is left for what is invisible from here: the way
 * from the socket to the upstream's counter.
 */

export interface Step {
  readonly record: LimiterRecord;
  readonly changes: readonly LimiterChange[];
}

/** Brings the record up to date with the configuration, with what was lost, and with a clock set back. */
export function bringUpToDate(
  record: LimiterRecord,
  reports: LimiterReports,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const configured =
    record.size === settings.quota ? { record, changes: [] } : configure(record, settings, nowUs);
  const history = reports.newHistory ?? configured.record.history;
  const isTakenOver = history !== configured.record.history;
  const current = { ...configured.record, history };
  const step = restartWhereNeeded({ ...configured, record: current }, isTakenOver, reports, settings, nowUs);
  return { ...step, record: mindFormerClock(step.record, settings, nowUs) };
}

function restartWhereNeeded(
  configured: Step,
  isTakenOver: boolean,
  reports: LimiterReports,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const current = configured.record;
  if (reports.seen > current.seq) {
    return restart({ ...current, seq: reports.seen }, configured.changes, 'log lost', settings, nowUs);
  }
  if (isSetBack(current, settings, nowUs)) {
    return restart(
      forgetFuture(rememberFormerClock(current, settings), settings, nowUs),
      configured.changes,
      'clock set back',
      settings,
      nowUs,
    );
  }
  if (reports.stepped) {
    const remembering = rememberFormerClock(current, settings);
    return restart(remembering, configured.changes, 'clock step', settings, nowUs);
  }
  if (isTakenOver) return restart(current, configured.changes, 'another Redis', settings, nowUs);
  return configured;
}

/** A ring of the configured size, empty: nothing is known of the second before, so the first one is evenly spaced. */
function configure(record: LimiterRecord, settings: LimiterSettings, nowUs: number): Step {
  const sized = {
    ...record,
    size: settings.quota,
    rateMilli: settings.quota * 1000,
    rateAtUs: nowUs,
    from: record.seq + 1,
    waiters: [],
  };
  const isNew = record.size === 0;
  // A lane that is new to Redis may be one that Redis lost: slots given away before are used up first.
  const begun = isNew
    ? { ...sized, marginUs: settings.marginStartUs, silentUntilUs: nowUs + settings.horizonUs }
    : sized;
  return {
    record: { ...begun, pacedUntilUs: nowUs + computePace(begun, settings).spanUs },
    changes: isNew ? [] : [{ name: 'rate', detail: `quota ${settings.quota}` }],
  };
}

/** The log cannot be trusted: one span of silence, after which whatever it held is out of every window. */
function restart(
  record: LimiterRecord,
  changes: readonly LimiterChange[],
  why: string,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const { spanUs } = computePace(record, settings);
  const silentUntilUs = nowUs + spanUs;
  return {
    record: {
      ...record,
      from: record.seq + 1,
      waiters: [],
      silentUntilUs,
      pacedUntilUs: silentUntilUs + spanUs,
    },
    changes: [...changes, { name: 'restarted', detail: why }],
  };
}

/**
 * A clock that was set back may be set forward again, and a process that has not asked in between sees no step. So the silence has
 * an end on the clock from before, too: one span after the newest slot.
 */
function rememberFormerClock(record: LimiterRecord, settings: LimiterSettings): LimiterRecord {
  const untilUs = record.lastUs + settings.toleranceUs + computePace(record, settings).spanUs;
  return { ...record, formerClockUntilUs: Math.max(record.formerClockUntilUs, untilUs) };
}

/**
 * Where the clock may be the one from before, its silence counts. It is over when it has ended there, or when the silence has ended by
 * the clock that was set back.
 */
function mindFormerClock(record: LimiterRecord, settings: LimiterSettings, nowUs: number): LimiterRecord {
  const { formerClockUntilUs: untilUs, silentUntilUs } = record;
  if (untilUs === 0) return record;
  const { spanUs } = computePace(record, settings);
  const reachUs = settings.toleranceUs + spanUs + settings.horizonUs + settings.batchSpanUs;
  if (nowUs >= untilUs) return { ...record, formerClockUntilUs: 0 };
  if (nowUs >= untilUs - reachUs) return { ...record, silentUntilUs: Math.max(silentUntilUs, untilUs) };
  return nowUs >= silentUntilUs ? { ...record, formerClockUntilUs: 0 } : record;
}

/** Slots are given at most so far ahead, and no silence is longer than the span of the lowest rate. */
function isSetBack(record: LimiterRecord, settings: LimiterSettings, nowUs: number): boolean {
  const aheadUs = settings.horizonUs + settings.batchSpanUs;
  const silenceUs = 2 * settings.windowUs + settings.marginMaxUs + settings.toleranceUs;
  return record.lastUs > nowUs + aheadUs || record.silentUntilUs > nowUs + aheadUs + silenceUs;
}

/** After a clock was set back, instants written before it would hold the lane for as long as the step was. */
function forgetFuture(record: LimiterRecord, settings: LimiterSettings, nowUs: number): LimiterRecord {
  const interval = record.gate === 'held' ? settings.probeUs : settings.slowProbeUs;
  return {
    ...record,
    lastUs: nowUs,
    rateAtUs: Math.min(record.rateAtUs, nowUs),
    marginAtUs: Math.min(record.marginAtUs, nowUs),
    gateSinceUs: Math.min(record.gateSinceUs, nowUs),
    probeAtUs: Math.min(record.probeAtUs, nowUs + interval),
    graceUntilUs: Math.min(record.graceUntilUs, nowUs + settings.slowProbeUs),
    pausedSinceUs: Math.min(record.pausedSinceUs, nowUs),
    refusals: [],
  };
}

/**
 * Writes back when slots were used. The call itself comes after the sending, so `now` bounds it too. A log that was lost gives its
 * numbers away again: what a process reports of its slot from before does not change the one that has the number now.
 */
export function writeBack(
  record: LimiterRecord,
  sent: readonly SentSlot[],
  { toleranceUs }: Pick<LimiterSettings, 'toleranceUs'>,
  nowUs: number,
): LimiterRecord {
  const slots = new Map(record.slots);
  let probeUnused = false;
  for (const [seq, sentUs, atUs] of sent) {
    if (seq < record.from || seq <= record.seq - record.size || seq > record.seq) continue;
    const index = seq % record.size;
    if (atUs !== undefined && (slots.get(index) ?? 0) !== atUs + toleranceUs) continue;
    slots.set(index, Math.min(sentUs, nowUs));
    if (record.gate !== '' && seq === record.probeSeq && sentUs === 0) probeUnused = true;
  }
  return { ...record, slots, probeAtUs: probeUnused ? nowUs : record.probeAtUs };
}

/** The instant at which the next slot opens, now or later. */
export function computeNextSlot(record: LimiterRecord, settings: LimiterSettings, nowUs: number): number {
  const { count, spanUs, gapUs, softUs } = computePace(record, settings);
  const before = record.seq + 1 - count;
  const notAfterUs = before < record.from ? 0 : (record.slots.get(before % record.size) ?? 0);
  const spacingUs = nowUs < record.pacedUntilUs ? gapUs : softUs;
  return Math.max(nowUs, record.lastUs + spacingUs, notAfterUs + spanUs, record.silentUntilUs);
}

/** Gives the next slot away, to be used at `atUs`. */
export function grantSlot(
  record: LimiterRecord,
  atUs: number,
  settings: LimiterSettings,
  nowUs: number,
): LimiterRecord {
  const seq = record.seq + 1;
  const slots = new Map(record.slots).set(seq % record.size, atUs + settings.toleranceUs);
  return tally({ ...record, seq, lastUs: atUs, slots }, nowUs, { granted: 1, refused: 0 });
}

/** Counts what happened in the present second. */
export function tally(
  record: LimiterRecord,
  nowUs: number,
  more: { readonly granted: number; readonly refused: number },
): LimiterRecord {
  const second = Math.floor(nowUs / 1_000_000);
  const there = record.tallies.get(second % TALLY_SECONDS);
  const { granted, refused } = there?.second === second ? there : { granted: 0, refused: 0 };
  const now = { second, granted: granted + more.granted, refused: refused + more.refused };
  return { ...record, tallies: new Map(record.tallies).set(second % TALLY_SECONDS, now) };
}
