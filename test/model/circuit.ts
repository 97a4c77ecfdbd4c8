import type { AttemptReport, LimiterChange } from '../../shared/account/limiter/limiter-command.ts';
import type { LimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import type { LimiterRecord } from './limiter-record.ts';
import type { Step } from './slot-log.ts';

/** The circuit breaker before the slots; `fragments/circuit.lua` says how it works. */
export function applyReport(
  record: LimiterRecord,
  report: AttemptReport,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const [seq, evidence, code, about] = report;
  if (seq <= record.gateSeq) return { record, changes: [] };
  switch (evidence) {
    case 'answered':
      return record.gate === ''
        ? addResult(forgive(record, about), [about, '0'], settings, nowUs)
        : open(forgive(record, about), seq);
    case 'failed':
      return record.gate === '' ? addResult(record, [about, '1'], settings, nowUs) : { record, changes: [] };
    case 'account_fault':
      return closeFor(record, about, 'held', code, settings, nowUs);
    case 'maintenance':
      return closeFor(record, about, 'slow', code, settings, nowUs);
    case 'refused':
      return { record, changes: [] };
  }
}

/** A newer result about a person takes the place of the older one, at the end of the line. */
function addResult(
  record: LimiterRecord,
  [about, result]: readonly [about: string, result: '0' | '1'],
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const before = record.personResults === '' ? [] : record.personResults.split(',');
  const others = before.filter((each) => !each.startsWith(`${about}:`));
  const results = [...others, `${about}:${result}`].slice(-settings.slowWindow);
  const failed = results.filter((each) => each.endsWith(':1')).length;
  const remembered = { ...record, personResults: results.join(',') };
  if (result === '0' || failed < settings.slowAfter || nowUs < record.graceUntilUs) {
    return { record: remembered, changes: [] };
  }
  return close(remembered, 'slow', 'transient failures', settings, nowUs);
}

/**
 * Closes it for the fault of a person who has not closed it before, or has been answered since. If it is closed in the same way
 * already it stays as it is, so that the next probe is not put off.
 */
function closeFor(
  record: LimiterRecord,
  about: string,
  gate: 'slow' | 'held',
  reason: string,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  if (record.gate === gate) return { record: { ...record, gateReason: reason }, changes: [] };
  if (record.blamed.includes(about)) return { record, changes: [] };
  const blamed = [...record.blamed, about].slice(-settings.slowWindow);
  return close({ ...record, blamed }, gate, reason, settings, nowUs);
}

function forgive(record: LimiterRecord, about: string): LimiterRecord {
  return { ...record, blamed: record.blamed.filter((each) => each !== about) };
}

function close(
  record: LimiterRecord,
  gate: 'slow' | 'held',
  reason: string,
  settings: LimiterSettings,
  nowUs: number,
): Step {
  const changes: LimiterChange[] = [{ name: gate, detail: reason }];
  const closed = {
    ...record,
    gate,
    gateReason: reason,
    gateSinceUs: nowUs,
    gateSeq: record.seq,
    probeAtUs: nowUs + (gate === 'held' ? settings.probeUs : settings.slowProbeUs),
    probeSeq: 0,
    personResults: '',
    waiters: [],
  };
  return { record: closed, changes };
}

/** @param seq the slot whose answer opened the gate; what was granted before it no longer moves the gate */
export function open(record: LimiterRecord, seq: number): Step {
  const opened = {
    ...record,
    gate: '',
    gateReason: '',
    gateSinceUs: 0,
    gateSeq: seq,
    probeAtUs: 0,
    probeSeq: 0,
    personResults: '',
  } as const;
  return { record: opened, changes: [{ name: 'resumed', detail: record.gate }] };
}
