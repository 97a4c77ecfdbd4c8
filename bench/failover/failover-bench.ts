import { type Chain, startChain } from '../../test/support/chain.ts';
import { type Accepted, type SteadyLoad, startSteadyLoad } from '../../test/support/steady-load.ts';
import { FAILOVER_CASES, type FailoverCase } from './failover-cases.ts';
import { measureAcceptance } from './measure-acceptance.ts';

export interface FailoverBenchOptions {
  readonly only?: string;
  readonly say: (line: string) => void;
}

const SUBMITTED_EVERY_MS = 125;
const BEFORE_MS = 3_000;
const AFTER_MS = 6_000;
const ENDS_WITHIN_MS = 120_000;
const WORKERS = 2;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Lets Redis fail over in every way that a deployment meets, under 8 submissions a second and two workers, and prints what came
 * of it; then what it costs to wait for a replica before each 202.
 */
export async function runFailoverBench({ only = '', say }: FailoverBenchOptions): Promise<void> {
  say(
    'Failover: 8 submissions a second, two workers, before → now. Times from the moment at which another server is the primary.',
  );
  say(
    '| what | submissions again | outcomes again | refused for | accepted | lost | asked twice, unmarked |',
  );
  say('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  for (const each of FAILOVER_CASES.filter(({ name }) => name.includes(only))) {
    const row = await runCase(each);
    say(`| ${each.name} | ${row.join(' | ')} |`);
  }
  if ('ACCEPT_AFTER'.includes(only)) await measureAcceptance(say);
}

async function runCase({ begin, before }: FailoverCase): Promise<readonly string[]> {
  const redis = await begin();
  const chain = await startChain({ workers: WORKERS, elsewhere: redis });
  try {
    const load = startSteadyLoad(chain, SUBMITTED_EVERY_MS);
    await pause(BEFORE_MS);
    const promotedAt = await redis.failOver(chain.keys.writeProbe());
    const isAgain = await Promise.race([
      load.untilAccepted().then(() => true),
      pause(ENDS_WITHIN_MS).then(() => false),
    ]);
    await pause(AFTER_MS);
    await load.stop();
    const lost = await countLost(chain, load.accepted);
    return [
      `${before?.submissions ?? '-'} → ${isAgain ? seconds(firstAfter(load.acceptedAt, promotedAt) - promotedAt) : 'never'}`,
      `${before?.outcomes ?? '-'} → ${seconds(firstOutcomeAfter(chain, promotedAt) - promotedAt)}`,
      seconds(longestRefusal(load)),
      String(load.accepted.length),
      String(lost),
      String(countAskedTwice(chain, load.accepted)),
    ];
  } finally {
    await chain.stop();
    await redis.stop();
  }
}

const seconds = (ms: number) => (Number.isFinite(ms) ? `${(ms / 1_000).toFixed(1)} s` : 'never');

/** Infinity when nothing came after it. */
function firstAfter(times: readonly number[], from: number): number {
  return Math.min(...times.filter((time) => time >= from));
}

function firstOutcomeAfter({ receiver }: Chain, from: number): number {
  return firstAfter(
    receiver.deliveries.map(({ at }) => at),
    from,
  );
}

/** From the first refusal to the first acceptance after the last one. */
function longestRefusal({ refusedAt, acceptedAt }: SteadyLoad): number {
  const [first] = refusedAt;
  const last = refusedAt.at(-1);
  if (first === undefined || last === undefined) return 0;
  return firstAfter(acceptedAt, last) - first;
}

async function countLost(chain: Chain, accepted: readonly Accepted[]): Promise<number> {
  await chain.receiver.accept(accepted.length, ENDS_WITHIN_MS).catch(() => undefined);
  return accepted.filter(({ id }) => !chain.receiver.accepted.has(id)).length;
}

function countAskedTwice(chain: Chain, accepted: readonly Accepted[]): number {
  return accepted.filter(({ id, person }) => {
    const isMarked = chain.receiver.accepted.get(id)?.data.outcome?.possiblyBilledAgain === true;
    return chain.sandbox.calls(person.idCard).calls > 1 && !isMarked;
  }).length;
}
