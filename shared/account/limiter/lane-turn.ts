import type { LaneAnswer, LaneAsk, LaneCall, LaneChange, LaneNews } from './lane-call.ts';
import { closeGate, heed, openGate } from './lane-gate.ts';
import type { LaneRecord } from './lane-record.ts';
import type { LaneSettings } from './lane-settings.ts';
import { learnRefusal, relax } from './quota-feedback.ts';
import { computeNextSlot, grantSlot, type Step, settle, writeBack } from './slot-log.ts';
import { computeTurn } from './waiting-line.ts';

export interface LaneTurn {
  readonly record: LaneRecord;
  readonly answer: LaneAnswer;
  readonly changes: readonly LaneChange[];
}

/**
 * One call of one process on the lane: the whole decision, as a pure function. `lane-script.ts` holds the same
 * decision in Lua, function by function under the same names; a test holds the two together.
 *
 * @param nowUs Redis' clock, microseconds since the epoch
 */
export function applyLaneCall(
  record: LaneRecord,
  call: LaneCall,
  settings: LaneSettings,
  nowUs: number,
): LaneTurn {
  const heard = hear(record, call.news, settings, nowUs);
  switch (call.op) {
    case 'tell':
      return { ...heard, answer: { kind: 'told' } };
    case 'take':
      return chain(heard, take(heard.record, call.ask, settings, nowUs));
    case 'hold':
      return told(heard, closeGate(heard.record, 'held', call.reason, settings, nowUs));
    case 'pause':
      return told(heard, pause(heard.record, call.reason, nowUs));
    case 'resume':
      return told(heard, resume(heard.record, settings, nowUs));
  }
}

function hear(record: LaneRecord, news: LaneNews, settings: LaneSettings, nowUs: number): Step {
  const settled = settle(record, news, settings, nowUs);
  const start: Step = { ...settled, record: writeBack(settled.record, news.sent, nowUs) };
  const reported = news.reports.reduce<Step>((step, report) => {
    const refused =
      report[1] === 'refused' ? learnRefusal(step.record, report[0], settings, nowUs) : undefined;
    const next = refused ?? heed(step.record, report, settings, nowUs);
    return { record: next.record, changes: [...step.changes, ...next.changes] };
  }, start);
  const relaxed = relax(reported.record, settings, nowUs);
  return { record: relaxed.record, changes: [...reported.changes, ...relaxed.changes] };
}

function take(
  record: LaneRecord,
  ask: LaneAsk,
  settings: LaneSettings,
  nowUs: number,
): { readonly record: LaneRecord; readonly answer: LaneAnswer } {
  if (record.pausedSinceUs > 0) {
    const untilUs = nowUs + settings.pausePollUs;
    return { record, answer: { kind: 'held', status: 'paused', reason: record.pausedReason, untilUs } };
  }
  if (record.gate !== '' && nowUs < record.probeAtUs) {
    const answer = { status: record.gate, reason: record.gateReason, untilUs: record.probeAtUs } as const;
    return { record, answer: { kind: 'held', ...answer } };
  }
  const slotUs = computeNextSlot(record, settings, nowUs);
  const turn = computeTurn(record, ask, slotUs, settings, nowUs);
  if (!turn.mine)
    return { record: { ...record, line: turn.line }, answer: { kind: 'wait', dueUs: turn.dueUs } };
  return grant({ ...record, line: turn.line }, ask, slotUs, settings, nowUs);
}

function grant(
  record: LaneRecord,
  ask: LaneAsk,
  slotUs: number,
  settings: LaneSettings,
  nowUs: number,
): { readonly record: LaneRecord; readonly answer: LaneAnswer } {
  const seq = record.seq + 1;
  if (record.gate !== '') {
    const probeAtUs = slotUs + (record.gate === 'held' ? settings.probeUs : settings.slowProbeUs);
    const probed = { ...grantSlot(record, slotUs, settings, nowUs), probeAtUs, probeSeq: seq };
    return { record: probed, answer: { kind: 'granted', seq, probe: true, atUs: [slotUs] } };
  }
  const granted = grantMore(grantSlot(record, slotUs, settings, nowUs), [slotUs], ask.want, settings, nowUs);
  return { record: granted.record, answer: { kind: 'granted', seq, probe: false, atUs: granted.atUs } };
}

/** Further slots for the same process, as long as they lie close to the first. */
function grantMore(
  record: LaneRecord,
  atUs: readonly [number, ...number[]],
  want: number,
  settings: LaneSettings,
  nowUs: number,
): { readonly record: LaneRecord; readonly atUs: readonly number[] } {
  const nextUs = computeNextSlot(record, settings, nowUs);
  if (atUs.length >= want || nextUs > atUs[0] + settings.batchSpanUs) return { record, atUs };
  return grantMore(grantSlot(record, nextUs, settings, nowUs), [...atUs, nextUs], want, settings, nowUs);
}

function pause(record: LaneRecord, reason: string, nowUs: number): Step {
  if (record.pausedSinceUs > 0) return { record: { ...record, pausedReason: reason }, changes: [] };
  const paused = { ...record, pausedSinceUs: nowUs, pausedReason: reason, line: [] };
  return { record: paused, changes: [{ name: 'paused', detail: reason }] };
}

/**
 * An operator's word opens everything: the pause and the gate. Against transient failures it holds for one interval of
 * probes; without that, the failures of one second would close the gate again. What the upstream says about itself or the
 * account closes it at once.
 */
function resume(record: LaneRecord, settings: LaneSettings, nowUs: number): Step {
  if (record.gate === '' && record.pausedSinceUs === 0) return { record, changes: [] };
  const graced = { ...record, graceUntilUs: nowUs + settings.slowProbeUs };
  const opened: Step = record.gate === '' ? { record: graced, changes: [] } : openGate(graced, record.seq);
  if (record.pausedSinceUs === 0) return opened;
  return {
    record: { ...opened.record, pausedSinceUs: 0, pausedReason: '' },
    changes: [...opened.changes, { name: 'resumed', detail: 'paused' }],
  };
}

function told(heard: Step, step: Step): LaneTurn {
  return { record: step.record, answer: { kind: 'told' }, changes: [...heard.changes, ...step.changes] };
}

function chain(heard: Step, taken: { readonly record: LaneRecord; readonly answer: LaneAnswer }): LaneTurn {
  return { ...taken, changes: heard.changes };
}
