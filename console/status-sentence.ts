import type { ConsoleSnapshot } from '../shared/contract/console.ts';
import { formatDuration, formatNumber, formatTime } from './format.ts';
import type { Texts } from './texts/en.ts';

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

export function computeStatusSentence(
  snapshot: ConsoleSnapshot,
  moment: ReadingMoment,
  texts: Texts,
): StatusSentence {
  const { lane } = snapshot;
  const words = texts.status;
  const cause = () => describeCause(snapshot, moment, texts);
  switch (lane.status) {
    case 'running':
      return describeRunning(snapshot, texts);
    case 'slow':
      return { tone: 'watch', text: `${words.slow}${cause()}`, advice: words.slowAdvice };
    case 'held':
      return { tone: 'alarm', text: `${words.held}${cause()}`, advice: words.heldAdvice };
    case 'paused':
      return { tone: 'watch', text: `${words.paused}${cause()}`, advice: words.pausedAdvice };
    default:
      return lane.status satisfies never;
  }
}

function describeRunning(snapshot: ConsoleSnapshot, texts: Texts): StatusSentence {
  const { lane, arrivals, emptyInSeconds } = snapshot;
  const { backlog } = lane;
  const words = texts.status;
  const total = formatNumber(backlog.total);
  const silent = arrivals.granted.slice(-SILENT_SECONDS).every((granted) => granted === 0);
  if (silent && backlog.interactive + backlog.bulk > 0) {
    return { tone: 'alarm', text: words.silent(total), advice: words.workerUp };
  }
  const rate = words.rate(formatNumber(computeRate(snapshot)), formatNumber(lane.quota.perSecond));
  const waiting =
    backlog.total === 0
      ? words.nothingWaiting
      : words.waitingUntil(total, formatDuration(emptyInSeconds ?? 0, texts.unit));
  const morning = listForTheMorning(snapshot, texts);
  const [comma, stop] = texts.locale === 'en' ? [', ', '.'] : ['，', '。'];
  return {
    tone: morning === '' ? 'calm' : 'watch',
    text: `${words.running}${texts.locale === 'en' ? ' ' : ''}${rate}${comma}${waiting}${stop}`,
    advice: morning === '' ? words.calm : words.morning(morning),
  };
}

function listForTheMorning({ deliveries }: ConsoleSnapshot, { status: words, locale }: Texts): string {
  const { deadLetters, endpoints } = deliveries;
  const held = endpoints.data.filter(({ status }) => status === 'held').length;
  return [
    ...(deadLetters > 0 ? [words.deadLetters(formatNumber(deadLetters))] : []),
    ...(held > 0 ? [words.heldEndpoints(formatNumber(held))] : []),
  ].join(locale === 'en' ? ', ' : '、');
}

/** Events whose client has no callback URL. A client that polls leaves them there, so they wake no operator. */
export function countWithoutCallback({ endpoints }: ConsoleSnapshot['deliveries']): number {
  return endpoints.data.reduce(
    (sum, { status, waiting }) => sum + (status === 'no_callback' ? waiting : 0),
    0,
  );
}

function describeCause(
  { lane, reasonText, reasonTextZh }: ConsoleSnapshot,
  { now, timeZone }: ReadingMoment,
  { status: words, locale }: Texts,
): string {
  const since = lane.since === null ? '' : words.since(formatTime(lane.since, now, timeZone));
  const meaning = locale === 'en' ? reasonText : reasonTextZh;
  const reason = [meaning, lane.reason].filter(Boolean).join(': ');
  const probe = lane.resumesAt === null ? '' : words.probe(formatTime(lane.resumesAt, now, timeZone));
  const waiting = lane.backlog.total === 0 ? '' : words.waiting(formatNumber(lane.backlog.total));
  const stop = locale === 'en' ? '.' : '。';
  return `${since}${reason === '' ? '' : words.reason(reason)}${stop}${probe}${waiting}`;
}
