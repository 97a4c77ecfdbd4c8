import { type Breach, INVARIANTS, type StormFacts } from './judge.ts';
import { personOfJob } from './person-of-job.ts';

/** Faults this long before and after what happened to a job are told with it. */
const NEAR_MS = 3_000;

/** What an engineer needs in order to find the cause of one breach: everything that happened to the job, in order. */
export function tellStory({ invariant, job, detail }: Breach, facts: StormFacts): string {
  const title = `${invariant}: ${INVARIANTS[invariant]}. ${detail}`;
  if (job === null) return title;
  const events = listEvents(job, facts);
  const [first = 0, last = 0] = [events[0]?.at, events.at(-1)?.at];
  const near = facts.faults
    .filter(({ at, until }) => at <= last + NEAR_MS && until >= first - NEAR_MS)
    .map(({ at, until, kind, note }) => ({ at, text: `  fault ${kind} for ${until - at} ms: ${note}` }));
  const lines = [...events, ...near].sort((a, b) => a.at - b.at);
  return [
    `${title} (job ${job})`,
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
