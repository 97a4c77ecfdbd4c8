import { groupBy } from './group-by.ts';
import { type Breach, INVARIANTS } from './judge.ts';
import { personOfJob } from './person-of-job.ts';
import type { StormFacts } from './storm-facts.ts';

/** Faults this long before and after what happened to a job are reported with it. */
const NEAR_MS = 3_000;

/** One story for each job that a promise was broken about, and one for each breach that concerns no job. */
export function writeStories(breaches: readonly Breach[], facts: StormFacts): readonly string[] {
  const whole = breaches.filter(({ job }) => job === null).map(writeTitle);
  const jobs = groupBy(
    breaches.filter(({ job }) => job !== null),
    ({ job }) => job,
  );
  return [...whole, ...[...jobs].map(([job, own]) => writeStory(job ?? 0, own, facts))];
}

/** What happened to jobs that no promise was broken about. */
export const writeStoriesOf = (jobs: readonly number[], facts: StormFacts): readonly string[] =>
  jobs.map((job) => writeStory(job, [], facts));

const writeTitle = ({ invariant, detail }: Breach): string =>
  `${invariant}: ${INVARIANTS[invariant]}. ${detail}`;

/** What an engineer needs in order to find the cause: everything that happened to the job, in order. */
function writeStory(job: number, breaches: readonly Breach[], facts: StormFacts): string {
  const events = listEvents(job, facts);
  const [first = 0, last = 0] = [events[0]?.at, events.at(-1)?.at];
  const near = facts.faults
    .filter(({ at, until }) => at <= last + NEAR_MS && until >= first - NEAR_MS)
    .map(({ at, until, kind, note }) => ({ at, text: `  fault ${kind} for ${until - at} ms: ${note}` }));
  const lines = [...events, ...near].sort((a, b) => a.at - b.at);
  return [
    `job ${job}`,
    ...breaches.map((breach) => `  ${writeTitle(breach)}`),
    ...lines.map(({ at, text }) => `  ${String(at - first).padStart(7)} ms ${text}`),
    ...describeShown(job, facts),
  ].join('\n');
}

interface Event {
  readonly at: number;
  readonly text: string;
}

function listEvents(job: number, { submissions, calls, posts }: StormFacts): readonly Event[] {
  const { idCard } = personOfJob(job);
  return [
    ...submissions
      .filter((entry) => entry.job === job)
      .map(({ at, answeredAt, status, id, key }) => ({
        at,
        text: `submitted ${key === null ? 'without a key' : `as ${key}`}: ${status ?? 'no answer'} ${id ?? ''} after ${answeredAt - at} ms`,
      })),
    ...calls
      .filter((call) => call.idCard === idCard)
      .map(({ at, code, charged, answeredAt, abandonedAt, fault }) => ({
        at,
        text: `called: ${code ?? 'no code'}, ${charged ? 'charged' : 'not charged'}, ${describeEnd(at, answeredAt, abandonedAt)}${fault === null ? '' : `, hit by ${fault}`}`,
      })),
    ...posts
      .filter(({ event }) => event.job === job)
      .map(({ at, webhookId, bodyHash, answer, event }) => ({
        at,
        text: `event ${webhookId} body ${bodyHash.slice(0, 8)} ${event.code} possiblyBilledAgain ${event.possiblyBilledAgain} attempts [${event.attempts.join(' ')}]: ${answer}`,
      })),
  ].sort((a, b) => a.at - b.at);
}

function describeEnd(at: number, answeredAt: number | null, abandonedAt: number | null): string {
  if (answeredAt !== null) return `answered after ${answeredAt - at} ms`;
  return abandonedAt === null ? 'not answered' : `abandoned after ${abandonedAt - at} ms`;
}

function describeShown(job: number, { shown }: StormFacts): readonly string[] {
  const view = shown?.get(job);
  if (view === undefined) return [];
  const { status, delivery, code, attempts } = view;
  return [`  at the end: ${status}, delivery ${delivery}, ${code}, attempts [${attempts.join(' ')}]`];
}
