import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Part } from '../../start/child.ts';
import { type Chain, startChain } from '../support/chain.ts';
import { makePerson, type TestPerson } from '../support/person.ts';

/**
 * A short storm runs with every test run; `npm run storm` lets 2,000 verifications through a longer one. Random decisions
 * come from a seeded generator, so that a storm can be repeated.
 */
const COUNT = Number(process.env['STORM_COUNT'] ?? 120);
const KILLS = Number(process.env['STORM_KILLS'] ?? 2);
const SECONDS = Number(process.env['STORM_SECONDS'] ?? 90);
const SEED = Number(process.env['STORM_SEED'] ?? 20_260_302);
const FAILING_SHARE = 0.3;

let chain: Chain;
beforeAll(async () => {
  chain = await startChain({
    workers: 0,
    sandbox: { latencyMs: { min: 50, max: 150 } },
    environment: {
      QUOTA_PER_SECOND: '100',
      DELIVERY_SCHEDULE: `0s${',200ms'.repeat(40)}`,
      PERSON_PER_MINUTE: '0',
      PERSON_PER_DAY: '0',
    },
  });
});
afterAll(() => chain.stop());

/** mulberry32: small, seeded, good enough to throw dice with. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function killOneAndReplace(workers: Part[]): Promise<void> {
  const victim = workers.shift();
  if (victim === undefined) return;
  process.kill(victim.pid, 'SIGKILL');
  await victim.ended;
  workers.push(await chain.addWorkerProcess());
}

describe(`a storm over ${COUNT} verifications`, () => {
  test(
    'loses no event, changes no webhook-id, and asks once unless a kill hit a call',
    async () => {
      const random = makeRandom(SEED);
      chain.receiver.answerWith(() => (random() < FAILING_SHARE ? 500 : 200));
      const workers = [await chain.addWorkerProcess(), await chain.addWorkerProcess()];
      const people: { readonly id: string; readonly person: TestPerson }[] = [];
      for (let i = 0; i < COUNT; i += 1) {
        const person = makePerson();
        people.push({ id: (await chain.submit(person)).id, person });
      }
      for (let kill = 1; kill <= KILLS; kill += 1) {
        await chain.receiver.accept(Math.floor((COUNT * kill) / (KILLS + 2)), SECONDS * 1000);
        await killOneAndReplace(workers);
        if (kill <= 2) {
          await chain.receiver.down();
          await chain.receiver.up();
        }
      }
      await chain.receiver.accept(COUNT, SECONDS * 1000);

      const pairs = new Set(
        chain.receiver.deliveries.map(({ event, webhookId }) => `${event.data.id} ${webhookId}`),
      );
      expect(pairs.size).toBe(COUNT);
      let calls = 0;
      let unknown = 0;
      for (const { id, person } of people) {
        const verification = await chain.verification(id);
        expect(verification).toMatchObject({ status: 'completed', outcome: { verdict: 'match' } });
        const crashed = verification.attempts.filter(({ code }) => code === 'Veriqueue.WorkerCrashed').length;
        const made = chain.sandbox.calls(person.idCard).calls;
        // A call under way when its worker was killed may have arrived or not; every other arrived exactly once.
        expect(made).toBeGreaterThanOrEqual(1);
        expect(made).toBeLessThanOrEqual(1 + crashed);
        expect(verification.outcome?.possiblyBilledAgain).toBe(crashed > 0);
        calls += made;
        unknown += crashed;
      }
      process.stdout.write(
        `storm: ${COUNT} verifications, ${KILLS} kills, ${calls} upstream calls, ` +
          `${unknown} of unknown fate, ${chain.receiver.deliveries.length} deliveries\n`,
      );
    },
    SECONDS * 2_000,
  );
});
