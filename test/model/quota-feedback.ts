import type { LimiterChange } from '../../shared/account/limiter/limiter-command.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { type LimiterRecord, MAX_REFUSALS } from './limiter-record.ts';
import { type Step, tally } from './slot-log.ts';

/**
 * What refusals teach. Two controllers, because two causes call for opposite answers:
 * requests that bunch up on the way (the margin steers their refusals below 0.1 % of the last 2,000 calls), and
 * another user of the same account (many refusals in a short time: the rate goes down at once and comes back slowly).
 * The margin takes small steps, at most one a second, and long ones back: answering every refusal with a big step, as
 * congestion control does, gives away more under a heavy tail than it saves.
 */

export interface MarginFacts {
  readonly marginUs: number;
  /** Refusals among the last `refusalWindowCalls` calls. */
  readonly recentRefusals: number;
  /** Calls since the margin last changed. */
  readonly callsSinceChange: number;
  /** It has been narrowed before. */
  readonly isNarrowed: boolean;
  /** A refusal has widened it before. */
  readonly isWidened: boolean;
  /** Time since it was last widened. */
  readonly sinceWidenedUs: number;
}

/** The margin after a refusal: one step wider once the budget is spent; refusals within one second are one piece of evidence. */
export function computeWiderMargin(facts: MarginFacts, settings: LimiterSettings): number {
  const widen = facts.recentRefusals >= settings.refusalBudget && facts.sinceWidenedUs >= settings.windowUs;
  return widen ? Math.min(settings.marginMaxUs, facts.marginUs + settings.marginUpUs) : facts.marginUs;
}

/** For how many calls the margin stays as it is: shortly while nothing was refused, long where less was refused before. */
function countCallsToNarrow(
  { marginUs, isNarrowed, isWidened }: MarginFacts,
  settings: LimiterSettings,
): number {
  if (!isWidened) return isNarrowed ? settings.marginFirstDownCalls : settings.marginDownCalls;
  return marginUs > settings.marginTrialUs ? settings.marginDownCalls : settings.marginTrialCalls;
}

/** The margin in quiet times: one step narrower when the whole window of calls passed without a refusal. */
export function computeNarrowerMargin(facts: MarginFacts, settings: LimiterSettings): number {
  const calls = countCallsToNarrow(facts, settings);
  const narrow = facts.recentRefusals === 0 && facts.callsSinceChange >= calls;
  return narrow ? Math.max(settings.marginMinUs, facts.marginUs - settings.marginDownUs) : facts.marginUs;
}

/** The rate after a refusal. `granted` and `refused` count the last `foreignWindowSeconds`, but nothing before the last cut. */
export function computeCutRate(
  facts: { readonly rateMilli: number; readonly granted: number; readonly refused: number },
  settings: LimiterSettings,
): number {
  const foreign =
    facts.refused >= settings.foreignMinimum &&
    facts.refused * 1000 > facts.granted * settings.foreignPermille;
  if (!foreign) return facts.rateMilli;
  return Math.max(1000, Math.floor((facts.rateMilli * settings.rateCutPermille) / 1000));
}

/** The rate on its way back: one step per interval since it last changed. */
export function computeRecoveredRate(
  facts: { readonly rateMilli: number; readonly sinceChangeUs: number },
  settings: LimiterSettings,
): number {
  const full = settings.quota * 1000;
  if (facts.rateMilli >= full || facts.sinceChangeUs < settings.rateStepUs) return facts.rateMilli;
  return Math.min(full, facts.rateMilli + settings.rateStepMilli);
}

/** One refused call: counted, waited out, and handed to both controllers. */
export function learnRefusal(
  record: LimiterRecord,
  seq: number,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const again = record.refusals.some((earlier) => nowUs - earlier.atUs < settings.windowUs);
  const counted = tally(
    { ...record, refusals: [...record.refusals, { seq, atUs: nowUs }].slice(-MAX_REFUSALS) },
    nowUs,
    { granted: 0, refused: 1 },
  );
  const waiting = waitOut(counted, again, settings, nowUs);
  return cutRate(widenMargin(waiting, settings, nowUs), settings, nowUs);
}

/**
 * A lone refusal is a request that came a few milliseconds early: one slot's pause is enough. A second one within a
 * second says the upstream's second is full of another program's requests, and that second lasts at most one window more.
 */
function waitOut(
  record: LimiterRecord,
  again: boolean,
  settings: LimiterSettings,
  nowUs: number,
): LimiterRecord {
  const pauseUs = again ? settings.windowUs : Math.ceil(settings.windowUs / settings.quota);
  return { ...record, silentUntilUs: Math.max(record.silentUntilUs, nowUs + pauseUs) };
}

function widenMargin(record: LimiterRecord, settings: LimiterSettings, nowUs: number): LimiterRecord {
  const marginUs = computeWiderMargin(marginFacts(record, settings, nowUs), settings);
  return marginUs === record.marginUs
    ? record
    : { ...record, marginUs, marginSeq: record.seq, marginAtUs: nowUs };
}

function cutRate(record: LimiterRecord, settings: LimiterSettings, nowUs: number): Step {
  const nowSecond = Math.floor(nowUs / 1_000_000);
  const fromSecond = Math.max(
    nowSecond - settings.foreignWindowSeconds,
    Math.floor(record.rateAtUs / 1_000_000),
  );
  const recent = [...record.tallies.values()].filter(
    ({ second }) => second > fromSecond && second <= nowSecond,
  );
  const granted = recent.reduce((sum, each) => sum + each.granted, 0);
  const refused = recent.reduce((sum, each) => sum + each.refused, 0);
  const rateMilli = computeCutRate({ rateMilli: record.rateMilli, granted, refused }, settings);
  if (rateMilli === record.rateMilli) return { record, changes: [] };
  const changes: LimiterChange[] = [{ name: 'rate', detail: `cut to ${rateMilli}` }];
  return { record: { ...record, rateMilli, rateAtUs: nowUs }, changes };
}

/** Quiet time: the margin narrows, the rate comes back. */
export function relax(record: LimiterRecord, settings: LimiterSettings, nowUs: number): Step {
  const marginUs = computeNarrowerMargin(marginFacts(record, settings, nowUs), settings);
  const narrowed = marginUs === record.marginUs ? record : { ...record, marginUs, marginSeq: record.seq };
  const rateMilli = computeRecoveredRate(
    { rateMilli: record.rateMilli, sinceChangeUs: nowUs - record.rateAtUs },
    settings,
  );
  if (rateMilli === record.rateMilli) return { record: narrowed, changes: [] };
  const full = rateMilli === settings.quota * 1000;
  return {
    record: { ...narrowed, rateMilli, rateAtUs: nowUs },
    changes: full ? [{ name: 'rate', detail: 'back to the full quota' }] : [],
  };
}

function marginFacts(record: LimiterRecord, settings: LimiterSettings, nowUs: number): MarginFacts {
  return {
    marginUs: record.marginUs,
    recentRefusals: record.refusals.filter(({ seq }) => seq > record.seq - settings.refusalWindowCalls)
      .length,
    callsSinceChange: record.seq - record.marginSeq,
    isNarrowed: record.marginSeq > 0,
    isWidened: record.marginAtUs > 0,
    sinceWidenedUs: nowUs - record.marginAtUs,
  };
}
