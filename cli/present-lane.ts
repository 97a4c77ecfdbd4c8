import type { LaneOverview } from '../shared/contract/lane.ts';
import { SECOND_MS } from '../shared/time-units.ts';
import { formatDuration } from './format-duration.ts';
import { formatTime, printable } from './terminal.ts';

const STATUS_WORDS = {
  running: 'running',
  slow: 'slow: the upstream does not answer, single probes only',
  held: 'held: the account is at fault, single probes only',
  paused: 'paused by an operator',
} as const satisfies Record<LaneOverview['status'], string>;

/** The lane as people read it: names and values. */
export function describeLane(lane: LaneOverview): Record<string, string> {
  const { backlog, quota, photosStored } = lane;
  const time = (instant: string | null) => (instant === null ? null : formatTime(Date.parse(instant)));
  const pairs = {
    lane: lane.lane,
    upstream: describeMode(lane.livemode),
    status: STATUS_WORDS[lane.status],
    reason: lane.reason === null ? null : printable(lane.reason),
    since: time(lane.since),
    resumes: lane.status === 'running' ? null : (time(lane.resumesAt) ?? 'when an operator resumes it'),
    quota: describeQuota(quota),
    interactive: String(backlog.interactive),
    bulk: String(backlog.bulk),
    retrying: String(backlog.retrying),
    verifying: String(backlog.verifying),
    wait: describeWait(lane),
    photos: `${photosStored.now} stored, ${photosStored.peak} at most`,
  };
  const known = Object.entries(pairs).filter((pair): pair is [string, string] => pair[1] !== null);
  return Object.fromEntries(known);
}

/** The same in one line, without what changes all the time for no reason. */
export function summarizeLane(lane: LaneOverview): string {
  const { backlog, quota, status, reason } = lane;
  const why = reason === null ? '' : ` (${printable(reason)})`;
  const counts = `${backlog.interactive} interactive, ${backlog.bulk} bulk, ${backlog.retrying} retrying, ${backlog.verifying} verifying`;
  return `${status}${why}  ${quota.inUse} of ${quota.perSecond} a second  ${counts}  wait ${describeWait(lane)}`;
}

function describeQuota({ perSecond, effectivePerSecond, inUse }: LaneOverview['quota']): string {
  if (perSecond === 0) return 'unknown until a worker has asked for it';
  const effective = effectivePerSecond < perSecond ? `, ${effectivePerSecond} usable now` : '';
  return `${inUse} of ${perSecond} a second${effective}`;
}

/** For an interactive verification that is submitted now. */
function describeWait({ estimatedWaitSeconds }: LaneOverview): string {
  return estimatedWaitSeconds === null ? 'unknown' : formatDuration(estimatedWaitSeconds * SECOND_MS);
}

function describeMode(livemode: boolean | null): string {
  if (livemode === null) return 'unknown until a worker has started';
  return livemode ? 'the real one' : 'the SANDBOX: it verifies no real person';
}
