import { describe, expect, it } from 'vitest';
import { FairShares, PARKED, SPAN, TURNS, unit } from './fair-shares.ts';
import {
  type SharesSimulation,
  type SimulatedCall,
  type SimulatedClient,
  simulateShares,
} from './simulate-shares.ts';

function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

const client = (name: string, over: Partial<SimulatedClient> = {}): SimulatedClient => ({
  name,
  weight: 100,
  class: 4,
  backlog: 0,
  transient: 0,
  ...over,
});

function run(clients: readonly SimulatedClient[], over: Partial<SharesSimulation> = {}) {
  return simulateShares({
    clients,
    slotMs: 50,
    slots: 2_000,
    claimedAhead: 60,
    answerMs: 300,
    bulkShare: 0.1,
    random: makeRandom(1),
    ...over,
  });
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

/** How long those that are not the flood waited for their first call. */
function waitsOfOthers(calls: readonly SimulatedCall[]): number[] {
  return calls
    .flatMap(({ client: name, waitedMs }) => (name === 'flood' || waitedMs === null ? [] : [waitedMs]))
    .sort((a, b) => a - b);
}

/** The most calls by which a client was away from its share, over all windows of a minute. */
function worstDeviation(calls: readonly SimulatedCall[], shares: Readonly<Record<string, number>>): number {
  let worst = 0;
  for (const [name, share] of Object.entries(shares)) {
    let [from, own] = [0, 0];
    for (const [to, call] of calls.entries()) {
      if (call.client === name) own += 1;
      while ((calls[from]?.atMs ?? 0) <= call.atMs - 60_000) {
        if (calls[from]?.client === name) own -= 1;
        from += 1;
      }
      worst = Math.max(worst, Math.abs(own - share * (to - from + 1)));
    }
  }
  return worst;
}

const FLOOD_AND_NINE = [
  client('flood', { backlog: 20_000 }),
  ...[...'bcdefghij'].map((name) => client(name, { everyMs: 2_000 })),
];
const WEIGHTED = [
  client('a', { backlog: 3_000 }),
  client('b', { backlog: 3_000 }),
  client('c', { weight: 200, backlog: 3_000 }),
  client('d', { weight: 400, backlog: 3_000 }),
];
const WEIGHTED_SHARES = { a: 1 / 8, b: 1 / 8, c: 1 / 4, d: 1 / 2 };

describe('nine clients beside one that has a backlog, in virtual time', () => {
  const judge = (over: Partial<SharesSimulation> = {}) => {
    const waits = waitsOfOthers(run(FLOOD_AND_NINE, over));
    return { p50: quantile(waits, 0.5), p95: quantile(waits, 0.95) };
  };

  it.each([20, 40, 60])('are asked at once, with %i claimed ahead', (claimedAhead) => {
    const { p50, p95 } = judge({ claimedAhead });
    expect(p50).toBeLessThanOrEqual(60);
    expect(p95).toBeLessThanOrEqual(200);
  });

  it('wait for seconds if the virtual time were the tag at the head of the queue: a planted fault', () => {
    expect(judge({ faults: { timeFromHead: true } }).p50).toBeGreaterThan(1_000);
  });

  it('wait for seconds if waiters were served by arrival: a planted fault', () => {
    expect(judge({ faults: { waitersByArrival: true } }).p50).toBeGreaterThan(1_000);
  });

  it('are asked at once although a fifth of the calls of the one with the backlog fail', () => {
    const [flood, ...nine] = FLOOD_AND_NINE;
    const waits = waitsOfOthers(run([{ ...(flood ?? client('flood')), transient: 0.2 }, ...nine]));
    expect(quantile(waits, 0.95)).toBeLessThanOrEqual(250);
  });
});

describe('clients that all have a backlog, in virtual time', () => {
  it('are never further from their shares than three calls in any minute', () => {
    expect(worstDeviation(run(WEIGHTED), WEIGHTED_SHARES)).toBeLessThanOrEqual(3);
  });

  it('are never further from their shares than 25 calls although a fifth of them fail', () => {
    const failing = WEIGHTED.map((each) => ({ ...each, transient: 0.2 }));
    expect(worstDeviation(run(failing), WEIGHTED_SHARES)).toBeLessThanOrEqual(25);
  });

  it.each([
    ['a few calls', { retriesUncharged: false }, 0.5],
    [
      'a third, if calls after the first were not charged: a planted fault',
      { retriesUncharged: true },
      2 / 3,
    ],
  ])('get what they are due although half of the calls of one fail, but for %s', (_, faults, share) => {
    const clients = [client('a', { backlog: 9_000, transient: 0.5 }), client('b', { backlog: 9_000 })];
    const calls = run(clients, { slots: 6_000, faults });
    const own = calls.filter(({ client: name }) => name === 'a').length;
    expect(Math.abs(own - share * calls.length)).toBeLessThan(faults.retriesUncharged ? 300 : 30);
  });

  it('get their shares whatever their weights, from 1 to 1000', () => {
    const clients = [
      client('least', { weight: 1, backlog: 200 }),
      client('usual', { weight: 100, backlog: 5_000 }),
      client('most', { weight: 1_000, backlog: 9_000 }),
    ];
    const calls = run(clients, { slots: 6_606 });
    const counts = ['least', 'usual', 'most'].map((name) => calls.filter((c) => c.client === name).length);
    expect(Math.abs((counts[0] ?? 0) - 6)).toBeLessThanOrEqual(1);
    expect(Math.abs((counts[1] ?? 0) - 600)).toBeLessThanOrEqual(3);
  });
});

describe('the shares, in virtual time', () => {
  it('leave no slot unused for a client that is alone', () => {
    expect(run([client('a', { backlog: 2_000 })])).toHaveLength(2_000);
  });

  it('save up nothing for a client that was idle', () => {
    const late = client('late', { everyMs: 50_000, backlog: 0 });
    const model = new FairShares();
    for (let i = 0; i < 100; i += 1) model.add(`a-${String(i).padStart(3, '0')}`, 'a', 4);
    for (let i = 0; i < 50; i += 1) {
      const id = model.pop() ?? '';
      model.claim(id);
      model.grant(id);
      model.endTurn(id, true);
    }
    for (let i = 0; i < 20; i += 1) model.add(`late-${String(i).padStart(3, '0')}`, late.name, 4);
    const next = Array.from({ length: 20 }, () => {
      const id = model.pop() ?? '';
      model.claim(id);
      model.grant(id);
      model.endTurn(id, true);
      return id.split('-')[0];
    });
    expect(next.filter((name) => name === 'late').length).toBeLessThanOrEqual(11);
  });

  it.each([
    ['before what is claimed', {}, 0],
    ['after it, if the virtual time went with the call: a planted fault', { timeLeaps: true }, 7],
  ])('have a newcomer come %s, when the last turn that is claimed was asked first', (_, faults, before) => {
    const model = new FairShares(faults);
    const claimed = Array.from({ length: 8 }, (_each, i) => `a-${i}`);
    for (const id of claimed) model.add(id, 'a', 4);
    for (const _each of claimed) model.claim(model.pop() ?? '');
    model.grant('a-7');
    model.add('b-0', 'b', 4);
    model.claim('b-0');
    const tagOf = (id: string) => model.verifications.get(id)?.turn?.tag ?? Number.NaN;
    expect(claimed.filter((id) => tagOf(id) < tagOf('b-0'))).toHaveLength(before);
  });

  it('let a cancelled backlog cost its client nothing', () => {
    const model = new FairShares();
    for (let i = 0; i < 500; i += 1) model.add(`a-${String(i).padStart(3, '0')}`, 'a', 4);
    for (let i = 0; i < 20; i += 1) model.add(`b-${String(i).padStart(3, '0')}`, 'b', 4);
    for (let i = 0; i < 495; i += 1) model.cancel(`a-${String(i).padStart(3, '0')}`);
    const next = Array.from({ length: 10 }, () => {
      const id = model.pop() ?? '';
      model.claim(id);
      model.grant(id);
      return id.split('-')[0];
    });
    expect(next.filter((name) => name === 'a')).toHaveLength(5);
  });

  it('give bulk its part of the calls beside a stream of interactive ones, and no more', () => {
    const calls = run(
      [client('bulk', { backlog: 3_000 }), client('interactive', { class: 2, backlog: 5_000 })],
      { slots: 2_000 },
    );
    const bulk = calls.filter(({ client: name }) => name === 'bulk').length;
    // What was claimed before the order was known, at most.
    expect(Math.abs(bulk - 200)).toBeLessThanOrEqual(10);
  });
});

describe('tags at the edge of what a score has room for', () => {
  it('are exact: class and tag fit a double with 16 bits behind the point', () => {
    for (const weight of [1, 3, 7, 100, 999, 1_000]) {
      const tag = PARKED - 1 - unit(weight);
      expect(4 * SPAN + tag - 4 * SPAN).toBe(tag);
    }
    expect(unit(1)).toBe(100);
    expect(unit(100)).toBe(1);
    expect(Math.abs(unit(1_000) - 0.1)).toBeLessThan(0.00001);
  });

  it('stop at the last one, and are right again after what has passed is taken off', () => {
    const model = new FairShares();
    model.classes[4].v = PARKED - 2;
    for (let i = 0; i < 20; i += 1) {
      model.add(`a-${String(i).padStart(2, '0')}`, 'a', 4);
      model.add(`b-${String(i).padStart(2, '0')}`, 'b', 4);
    }
    const scores = model.waiting.entries().map(({ score }) => score);
    expect(Math.max(...scores)).toBeLessThan(5 * SPAN);
    model.rebase(4, 2 ** 30);
    expect(model.classes[4].base).toBe(PARKED - 2);
    const served = Array.from({ length: 2 * TURNS }, () => {
      const id = model.pop() ?? '';
      model.claim(id);
      model.grant(id);
      model.endTurn(id, true);
      return id.split('-')[0];
    });
    expect(served.filter((name) => name === 'a')).toHaveLength(TURNS);
    expect(model.classes[4].v).toBeLessThan(20);
  });
});
