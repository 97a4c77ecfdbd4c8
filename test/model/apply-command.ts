import type {
  LimiterAnswer,
  LimiterCommand,
  LimiterReports,
  ReserveRequest,
} from '../../shared/account/limiter/limiter-command.ts';
import type { LimiterReply } from '../../shared/account/limiter/limiter-reply.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { applyReport, open } from './circuit.ts';
import type { LimiterRecord } from './limiter-record.ts';
import { addLostTime, startLostTime } from './lost-time.ts';
import { learnRefusal, relax } from './quota-feedback.ts';
import { bringUpToDate, computeNextSlot, grantSlot, type Step, writeBack } from './slot-log.ts';
import { computeTurn } from './waiting-processes.ts';

export interface AppliedCommand extends LimiterReply {
  readonly record: LimiterRecord;
}

/**
 * One command of one process on the limiter: the whole decision, as a pure function. `limiter.lua` is the same decision,
 * function by function under the same names; a test holds the two together.
 *
 * @param nowUs Redis' clock, microseconds since the epoch
 */
export function applyCommand(
  record: LimiterRecord,
  command: LimiterCommand,
  settings: LimiterSettings,
  nowUs: number,
): AppliedCommand {
  const known = record.replies.get(command.client);
  if (known !== undefined && known.number >= command.number) return { record, ...known.reply };
  const isSwitch = command.op === 'pause' || command.op === 'resume';
  const quota = isSwitch && record.size > 0 ? record.size : settings.quota;
  const counted = addLostTime(record, nowUs);
  const applied = applyNewCommand(counted, command, { ...settings, quota }, nowUs);
  const { answer, changes } = applied;
  const reply = { answer, changes, nowUs, seq: applied.record.seq };
  const replies = new Map(record.replies).set(command.client, { number: command.number, reply });
  return { record: startLostTime({ ...applied.record, replies }, nowUs), ...reply };
}

function applyNewCommand(
  record: LimiterRecord,
  command: LimiterCommand,
  settings: LimiterSettings,
  nowUs: number,
): Omit<AppliedCommand, 'seq' | 'nowUs'> {
  const reported = applyReports(record, command.reports, settings, nowUs);
  switch (command.op) {
    case 'report':
      return { ...reported, answer: { kind: 'reported' } };
    case 'reserve':
      return {
        ...reserve(reported.record, command.client, command.request, settings, nowUs),
        changes: reported.changes,
      };
    case 'pause':
      return switched(reported, pause(reported.record, command.reason, nowUs));
    case 'resume':
      return switched(reported, resume(reported.record, settings, nowUs));
  }
}

function applyReports(
  record: LimiterRecord,
  reports: LimiterReports,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const current = bringUpToDate(record, reports, settings, nowUs);
  const start: Step = { ...current, record: writeBack(current.record, reports.sent, settings, nowUs) };
  const reported = reports.attempts.reduce<Step>((step, report) => {
    const refused =
      report[1] === 'refused' ? learnRefusal(step.record, report[0], settings, nowUs) : undefined;
    const next = refused ?? applyReport(step.record, report, settings, nowUs);
    return { record: next.record, changes: [...step.changes, ...next.changes] };
  }, start);
  const relaxed = relax(reported.record, settings, nowUs);
  return { record: relaxed.record, changes: [...reported.changes, ...relaxed.changes] };
}

function reserve(
  record: LimiterRecord,
  client: string,
  request: ReserveRequest,
  settings: LimiterSettings,
  nowUs: number,
): { readonly record: LimiterRecord; readonly answer: LimiterAnswer } {
  if (record.pausedSinceUs > 0) {
    const untilUs = nowUs + settings.pausePollUs;
    return { record, answer: { kind: 'closed', status: 'paused', reason: record.pausedReason, untilUs } };
  }
  if (record.gate !== '' && nowUs < record.probeAtUs) {
    const answer = { status: record.gate, reason: record.gateReason, untilUs: record.probeAtUs } as const;
    return { record, answer: { kind: 'closed', ...answer } };
  }
  const slotUs = computeNextSlot(record, settings, nowUs);
  const turn = computeTurn(record, client, request, slotUs, settings, nowUs);
  if (!turn.mine)
    return { record: { ...record, waiters: turn.waiters }, answer: { kind: 'wait', dueUs: turn.dueUs } };
  return grant({ ...record, waiters: turn.waiters }, request, slotUs, settings, nowUs);
}

function grant(
  record: LimiterRecord,
  request: ReserveRequest,
  slotUs: number,
  settings: LimiterSettings,
  nowUs: number,
): { readonly record: LimiterRecord; readonly answer: LimiterAnswer } {
  const seq = record.seq + 1;
  if (record.gate !== '') {
    const probeAtUs = slotUs + (record.gate === 'held' ? settings.probeUs : settings.slowProbeUs);
    const probed = { ...grantSlot(record, slotUs, settings, nowUs), probeAtUs, probeSeq: seq };
    return { record: probed, answer: { kind: 'reserved', seq, probe: true, atUs: [slotUs] } };
  }
  const granted = grantMore(
    grantSlot(record, slotUs, settings, nowUs),
    [slotUs],
    request.want,
    settings,
    nowUs,
  );
  return { record: granted.record, answer: { kind: 'reserved', seq, probe: false, atUs: granted.atUs } };
}

/** Further slots for the same process, as long as they lie close to the first. */
function grantMore(
  record: LimiterRecord,
  atUs: readonly [number, ...number[]],
  want: number,
  settings: LimiterSettings,
  nowUs: number,
): { readonly record: LimiterRecord; readonly atUs: readonly number[] } {
  const nextUs = computeNextSlot(record, settings, nowUs);
  if (atUs.length >= want || nextUs > atUs[0] + settings.batchSpanUs) return { record, atUs };
  return grantMore(grantSlot(record, nextUs, settings, nowUs), [...atUs, nextUs], want, settings, nowUs);
}

function pause(record: LimiterRecord, reason: string, nowUs: number): Step {
  if (record.pausedSinceUs > 0) return { record: { ...record, pausedReason: reason }, changes: [] };
  const paused = { ...record, pausedSinceUs: nowUs, pausedReason: reason, waiters: [] };
  return { record: paused, changes: [{ name: 'paused', detail: reason }] };
}

/**
 * An operator's `resume` ends everything: the pause and what lies behind it. Against transient failures it holds for one interval of
 * probes; without that, the failures of one second would close it again. What the upstream says about itself or the
 * account closes it at once.
 */
function resume(record: LimiterRecord, settings: LimiterSettings, nowUs: number): Step {
  if (record.gate === '' && record.pausedSinceUs === 0) return { record, changes: [] };
  const graced = { ...record, graceUntilUs: nowUs + settings.slowProbeUs };
  const opened: Step = record.gate === '' ? { record: graced, changes: [] } : open(graced, record.seq);
  if (record.pausedSinceUs === 0) return opened;
  return {
    record: { ...opened.record, pausedSinceUs: 0, pausedReason: '' },
    changes: [...opened.changes, { name: 'resumed', detail: 'paused' }],
  };
}

function switched(reported: Step, step: Step): Omit<AppliedCommand, 'seq' | 'nowUs'> {
  const changes = [...reported.changes, ...step.changes];
  return { record: step.record, answer: { kind: 'reported' }, changes };
}
