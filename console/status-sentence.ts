import type { ConsoleSnapshot } from '../shared/contract/console.ts';
import { countOf, formatDuration, formatNumber, formatTime } from './format.ts';

/** What an operator woken at night reads first. */
export interface StatusSentence {
  /** `calm`: sleep on. `watch`: it can wait. `alarm`: get up. */
  readonly tone: 'calm' | 'watch' | 'alarm';
  /** One sentence or two: what is. */
  readonly text: string;
  /** What follows for the reader. */
  readonly advice: string;
}

export interface ReadingMoment {
  /** ms epoch */
  readonly now: number;
  /** The browser's unless given. */
  readonly timeZone?: string;
}

/** The mean of so many seconds: one alone jumps. */
const RATE_SECONDS = 10;
const SILENT_SECONDS = 60;

/** Requests per second, just now. */
export function computeRate({ arrivals }: ConsoleSnapshot): number {
  const latest = arrivals.granted.slice(-RATE_SECONDS);
  return latest.reduce((sum, each) => sum + each, 0) / RATE_SECONDS;
}

export function computeStatusSentence(snapshot: ConsoleSnapshot, moment: ReadingMoment): StatusSentence {
  const { lane } = snapshot;
  switch (lane.status) {
    case 'running':
      return describeRunning(snapshot);
    case 'slow':
      return {
        tone: 'watch',
        text: `Slow${describeCause(snapshot, moment)}`,
        advice: 'The upstream does not answer. Nothing is lost, and the first answer to a probe ends it.',
      };
    case 'held':
      return {
        tone: 'alarm',
        text: `Held${describeCause(snapshot, moment)}`,
        advice:
          'The account is at fault and must be repaired. Nothing is lost, and submissions are still accepted.',
      };
    case 'paused':
      return {
        tone: 'watch',
        text: `Paused${describeCause(snapshot, moment)}`,
        advice: 'Nothing is asked until an operator resumes it. Submissions are still accepted.',
      };
    default:
      return lane.status satisfies never;
  }
}

function describeRunning(snapshot: ConsoleSnapshot): StatusSentence {
  const { lane, arrivals, emptyInSeconds } = snapshot;
  const { backlog } = lane;
  const silent = arrivals.granted.slice(-SILENT_SECONDS).every((granted) => granted === 0);
  if (silent && backlog.interactive + backlog.bulk > 0) {
    return {
      tone: 'alarm',
      text: `Running, but nothing has been asked for a minute. ${formatNumber(backlog.total)} waiting.`,
      advice: 'Is a worker up?',
    };
  }
  const rate = `${formatNumber(computeRate(snapshot))} of ${formatNumber(lane.quota.perSecond)} requests/s`;
  const waiting =
    backlog.total === 0
      ? 'nothing waiting'
      : `${formatNumber(backlog.total)} waiting, empty in ${formatDuration(emptyInSeconds ?? 0)}`;
  const morning = listForTheMorning(snapshot);
  return {
    tone: morning === '' ? 'calm' : 'watch',
    text: `Running. ${rate}, ${waiting}.`,
    advice: morning === '' ? 'Nothing needs you.' : `This can wait until the morning: ${morning}.`,
  };
}

function listForTheMorning({ deliveries }: ConsoleSnapshot): string {
  const held = deliveries.endpoints.data.filter(({ status }) => status === 'held').length;
  return [
    ...(deliveries.deadLetters > 0 ? [countOf(deliveries.deadLetters, 'dead letter')] : []),
    ...(held > 0 ? [countOf(held, 'held endpoint')] : []),
  ].join(', ');
}

function describeCause({ lane, reasonText }: ConsoleSnapshot, { now, timeZone }: ReadingMoment): string {
  const since = lane.since === null ? '' : ` since ${formatTime(lane.since, now, timeZone)}`;
  const reason = [reasonText, lane.reason].filter(Boolean).join(': ');
  const probe = lane.resumesAt === null ? '' : ` Next probe at ${formatTime(lane.resumesAt, now, timeZone)}.`;
  const waiting = lane.backlog.total === 0 ? '' : ` ${formatNumber(lane.backlog.total)} waiting.`;
  return `${since}${reason === '' ? '' : ` (${reason})`}.${probe}${waiting}`;
}
