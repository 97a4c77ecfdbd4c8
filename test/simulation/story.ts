import type { Simulation } from './simulate.ts';

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(3).padStart(8)} s`;

const WORTH_A_LINE =
  /"event":"(attempt|verification_accepted|verification_settled|delivery|worker_ended|redis_\w+|locks_lost|job_stalled|account_\w+|lane_\w+|promise_\w+)"/;
const MOST_LINES = 200;

/** What happened, in words and in order: faults, what the processes logged, and which promise was broken. */
export function tellStory({
  plan,
  inflicted,
  chain,
  breaches,
  virtualMs,
  steps,
  digest,
}: Simulation): string {
  const begin = chain.world.wallMs(chain.world.nature) - chain.world.now;
  const lines = [
    ...plan.orders.map(({ job, client, at, answers, lies }) => ({
      at,
      text: `${`client${plan.clients.length === 1 ? '' : `-${client}`}`.padEnd(9)} submits job-${job}, which the upstream answers ${answers.map(({ code, fault }) => (fault === undefined ? code : `${code} (${fault})`)).join(', then ')}${lies.length === 0 ? '' : `; the receiver ${lies.join(', then ')}`}`,
    })),
    ...inflicted.map(({ at, note, forMs, kind }) => ({
      at,
      text: `FAULT     ${note}${['reset_connections', 'flush_scripts', 'redis_failover'].includes(kind) ? '' : `, for ${forMs} ms`}`,
    })),
    ...chain.log
      .filter(({ text }) => WORTH_A_LINE.test(text))
      .map(({ at, who, text }) => ({ at, text: `${who.padEnd(9)} ${describeLog(text)}` })),
    ...chain.receiver.posts.map(({ at, event, answer, sequence }) => ({
      at: at - begin,
      text: `receiver  gets event ${sequence} of job-${event.job}, ${event.code}${event.possiblyBilledAgain ? ', possibly billed again' : ''}: ${answer}`,
    })),
  ].sort((a, b) => a.at - b.at);
  const shown = breaches.length === 0 ? [] : lines.slice(0, MOST_LINES);
  const verdict =
    breaches.length === 0
      ? 'every promise kept'
      : breaches
          .map(
            ({ invariant, job, detail }) =>
              `BROKEN: ${invariant}${job === null ? '' : ` of job-${job}`}: ${detail}`,
          )
          .join('\n');
  return [
    `Seed ${plan.seed}: ${plan.orders.length} verifications, ${plan.faults.length} faults, ${steps} steps, ${(virtualMs / 1_000).toFixed(1)} s of its clock, trace ${digest}`,
    ...shown.map(({ at, text }) => `${seconds(at)}  ${text}`),
    verdict,
    '',
  ].join('\n');
}

function describeLog(text: string): string {
  const { msg, event, level: _level, ...fields } = JSON.parse(text) as Record<string, unknown>;
  const shown = Object.entries(fields).filter(([, value]) => typeof value !== 'object');
  return `${String(msg ?? event)} ${shown.map(([name, value]) => `${name}=${String(value)}`).join(' ')}`;
}
