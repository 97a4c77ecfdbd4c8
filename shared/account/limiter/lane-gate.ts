import type { LaneChange, LaneReport } from './lane-call.ts';
import type { LaneRecord } from './lane-record.ts';
import type { LaneSettings } from './lane-settings.ts';
import type { Step } from './slot-log.ts';

/**
 * The gate before the slots: open, `slow` (the upstream is in maintenance, or attempts about most people fail) or `held` (the account
 * is at fault). Behind a closed gate one slot per interval is granted, as a probe; the first answer to a probe opens it.
 * Nothing depends on the probing process: the next probe comes after the interval anyway.
 *
 * Evidence counts only when its slot was granted after the gate's last change: requests that were already under
 * way say nothing about what came since.
 */
export function heed(record: LaneRecord, report: LaneReport, settings: LaneSettings, nowUs: number): Step {
  const [seq, evidence, code, about] = report;
  if (seq <= record.gateSeq) return { record, changes: [] };
  switch (evidence) {
    case 'answered':
      return record.gate === '' ? remember(record, [about, '0'], settings, nowUs) : openGate(record, seq);
    case 'failed':
      return record.gate === '' ? remember(record, [about, '1'], settings, nowUs) : { record, changes: [] };
    case 'account_fault':
      return closeGate(record, 'held', code, settings, nowUs);
    case 'maintenance':
      return closeGate(record, 'slow', code, settings, nowUs);
    case 'refused':
      return { record, changes: [] };
  }
}

/** A newer result about a person takes the place of the older one, at the end of the line. */
function remember(
  record: LaneRecord,
  [about, result]: readonly [about: string, result: '0' | '1'],
  settings: LaneSettings,
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
  return closeGate(remembered, 'slow', 'transient failures', settings, nowUs);
}

/** Closes the gate; one that is closed in the same way stays as it is, so that its next probe is not put off. */
export function closeGate(
  record: LaneRecord,
  gate: 'slow' | 'held',
  reason: string,
  settings: LaneSettings,
  nowUs: number,
): Step {
  if (record.gate === gate) return { record: { ...record, gateReason: reason }, changes: [] };
  const changes: LaneChange[] = [{ name: gate, detail: reason }];
  const closed = {
    ...record,
    gate,
    gateReason: reason,
    gateSinceUs: nowUs,
    gateSeq: record.seq,
    probeAtUs: nowUs + (gate === 'held' ? settings.probeUs : settings.slowProbeUs),
    probeSeq: 0,
    personResults: '',
    line: [],
  };
  return { record: closed, changes };
}

/** @param seq the slot whose answer opened the gate; what was granted before it no longer moves the gate */
export function openGate(record: LaneRecord, seq: number): Step {
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
