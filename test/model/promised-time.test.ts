import { describe, expect, test } from 'vitest';
import {
  type JudgedPromise,
  type PromisedClient,
  type PromiseSimulation,
  type SimulatedSubmission,
  simulatePromises,
} from './simulate-promises.ts';

function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const WEIGHTS = [50, 100, 100, 150, 200, 300, 400, 700];
const SUM = WEIGHTS.reduce((a, b) => a + b, 0);

const clientsWith = (transient: (i: number) => number): readonly PromisedClient[] =>
  WEIGHTS.map((weight, i) => ({ name: `c${i}`, weight, transient: transient(i) }));

/** Each client submits about its share of what the quota lets through, in bursts of its own, so that most have work at any time. */
function drawMixed(count: number, random: () => number): readonly SimulatedSubmission[] {
  const spanMs = count * 42;
  const submissions = WEIGHTS.flatMap((weight, i) => {
    const own: SimulatedSubmission[] = [];
    const total = Math.round((count * weight) / SUM);
    while (own.length < total) {
      const isFirst = own.length === 0;
      const burst = Math.min(total - own.length, Math.ceil((isFirst ? 0.2 : 0.1 * random()) * total));
      const atMs = isFirst ? 0 : Math.floor(random() * spanMs);
      for (let k = 0; k < burst; k += 1) {
        own.push({ client: `c${i}`, class: random() < 0.1 ? 4 : 2, atMs });
      }
    }
    return own;
  });
  return submissions.sort((a, b) => a.atMs - b.atMs);
}

function run(seed: number, over: Partial<PromiseSimulation> = {}, count = 2_000) {
  const random = makeRandom(seed);
  return simulatePromises({
    clients: clientsWith(() => 0),
    submissions: drawMixed(count, random),
    // The quota less a margin of 5 ms.
    slotMs: 50.25,
    quotaPerSecond: 20,
    bulkShare: 0.1,
    workers: 4,
    claimedAhead: 60,
    answerMs: 300,
    killsAt: [],
    silentMs: 4_000,
    pauses: [],
    random,
    ...over,
  });
}

/** One client has a long line, and the others come one at a time. */
function drawNewcomers(): readonly SimulatedSubmission[] {
  const line = Array.from({ length: 3_000 }, () => ({ client: 'c1', class: 2 as const, atMs: 0 }));
  const others = Array.from({ length: 40 }, (_, i) => ({
    client: `c${2 + (i % 6)}`,
    class: 2 as const,
    atMs: 10_000 + i * 1_000,
  }));
  return [...line, ...others];
}

const brokenOf = (judged: readonly JudgedPromise[]) =>
  judged.filter(({ waitedMs, promisedMs }) => waitedMs > promisedMs);

function medianRatio(judged: readonly JudgedPromise[]): number {
  const ratios = judged
    .filter(({ waitedMs }) => waitedMs > 0)
    .map(({ promisedMs, waitedMs }) => promisedMs / waitedMs)
    .sort((a, b) => a - b);
  return ratios[Math.floor(ratios.length / 2)] ?? Number.NaN;
}

const every = (ms: number, until: number) =>
  Array.from({ length: Math.floor(until / ms) }, (_, i) => (i + 1) * ms);
const KILLS = { killsAt: every(30_000, 100_000) };
const PAUSES: PromiseSimulation['pauses'] = [
  [20_000, 35_000],
  [60_000, 61_000],
];
/** The widest margin, and one slot in a hundred lost. */
const SLOWEST = { slotMs: 53.5 };
const FAILING = { clients: clientsWith((i) => (i === WEIGHTS.length - 1 ? 0.8 : 0)) };
const TRANSIENT = { clients: clientsWith((i) => (i % 2 === 0 ? 0.2 : 0)) };

describe('a promised time, in virtual time', () => {
  test('holds for 20,000 verifications of mixed weights and arrivals, and the median is at most 1.3 times the wait', () => {
    const judged = run(1, {}, 20_000);
    expect(judged.length).toBeGreaterThanOrEqual(19_990);
    expect(brokenOf(judged)).toEqual([]);
    expect(medianRatio(judged)).toBeLessThanOrEqual(1.3);
  });

  test.each<[string, Partial<PromiseSimulation>]>([
    ['while workers are killed', KILLS],
    ['with a fifth of the calls of every second client failing', TRANSIENT],
    ['over pauses', { pauses: PAUSES }],
    ['with the widest margin', SLOWEST],
    ['with all of it', { ...KILLS, ...TRANSIENT, ...SLOWEST, pauses: PAUSES }],
    ['with many claimed ahead', { claimedAhead: 200 }],
    [
      'of newcomers beside a long line, with many claimed ahead',
      { claimedAhead: 600, submissions: drawNewcomers() },
    ],
    ['with nearly all calls of the largest client failing', FAILING],
  ])('holds %s', (_, over) => {
    for (let seed = 1; seed <= 5; seed += 1) expect(brokenOf(run(seed, over))).toEqual([]);
  });

  test('holds for a client while all others, idle before, begin to submit', () => {
    const submissions: SimulatedSubmission[] = [
      ...Array.from({ length: 200 }, () => ({ client: 'c1', class: 2 as const, atMs: 0 })),
      ...WEIGHTS.flatMap((_, i) =>
        i === 1 ? [] : Array.from({ length: 500 }, () => ({ client: `c${i}`, class: 2 as const, atMs: 60 })),
      ),
    ];
    expect(brokenOf(run(1, { submissions }))).toEqual([]);
  });

  test('is close for the very next of its client, however many clients there are', () => {
    const clients = Array.from({ length: 5_000 }, (_, i) => ({ name: `c${i}`, weight: 100, transient: 0 }));
    const submissions = Array.from({ length: 400 }, (_, i) => ({
      client: `c${i}`,
      class: 2 as const,
      atMs: i * 100,
    }));
    const judged = run(1, { clients, submissions });
    expect(brokenOf(judged)).toEqual([]);
    expect(Math.max(...judged.map(({ promisedMs }) => promisedMs))).toBeLessThan(10_000);
  });
});

describe('the simulation of promises finds', () => {
  test.each<[string, Partial<PromiseSimulation>]>([
    ['that clients were counted only while they had work', { faults: { activeOnly: true } }],
    ['that pauses put nothing off', { pauses: PAUSES, faults: { neverExtended: true } }],
    ["that a client's own line was not counted", { faults: { ownIgnored: true } }],
    [
      'that the virtual time came from the head of what waits',
      { claimedAhead: 600, submissions: drawNewcomers(), faults: { timeFromHead: true } },
    ],
    ['that repeats took no turn', { ...FAILING, faults: { retriesUncharged: true } }],
    ['that nothing was allowed for a killed worker', { ...KILLS, faults: { noRecovery: true } }],
  ])('%s', (_, over) => {
    const broken = [1, 2, 3, 4, 5].flatMap((seed) => brokenOf(run(seed, over)));
    expect(broken.length).toBeGreaterThan(0);
  });
});
