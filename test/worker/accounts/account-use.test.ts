import pino from 'pino';
import { expect, test } from 'vitest';
import { createAccountPool } from '../../../shared/account/account-pool.ts';
import { type Choice, createAccountChooser } from '../../../worker/accounts/account-chooser.ts';
import { AccountLoad } from '../../../worker/accounts/account-load.ts';
import type { WorkerAccount } from '../../../worker/accounts/open-account.ts';
import { makeDice } from '../../storm/dice.ts';

/*
 * What the workers' choice of accounts makes of their quotas, in virtual time: no machine is too slow for it, as one is for
 * `npm run bench -- accounts`. Real is the choice; the limiter, the upstream and the queue are as simple as can be.
 */

const STEP_MS = 5;
const ACCOUNTS = 10;
const QUOTA = 20;
const WORKERS = 4;
/** Three seconds of all quotas, as docs/sizing.md has it. */
const CONCURRENCY = (3 * ACCOUNTS * QUOTA) / WORKERS;
const FAULTS_AT = 4_000;
const PROBE_MS = 60_000;

interface Waiter {
  readonly send: () => void;
  /** Its account does not take it: the next one. */
  readonly turnAway: (how: 'closed' | 'unreached') => void;
}

/** The upstream's side of an account, and its limiter. */
class SimulatedAccount {
  readonly name: string;
  readonly sentAt: number[] = [];
  waiters: Waiter[] = [];
  fault: 'none' | 'arrears' | 'gone' = 'none';
  closedUntil: number | null = null;
  #nextSlotAt = 0;

  constructor(name: string) {
    this.name = name;
  }

  grantDue(now: number): void {
    if (now < this.#nextSlotAt || this.closedUntil !== null) return;
    const waiter = this.waiters.shift();
    if (waiter === undefined) return;
    this.#nextSlotAt = Math.max(this.#nextSlotAt + 1000 / QUOTA, now);
    this.sentAt.push(now);
    waiter.send();
  }

  close(until: number): void {
    this.closedUntil = until;
    for (const waiter of this.waiters.splice(0)) waiter.turnAway('closed');
  }

  breakDown(): void {
    this.fault = 'gone';
    for (const waiter of this.waiters.splice(0)) waiter.turnAway('unreached');
  }
}

class Simulation {
  readonly accounts = Array.from({ length: ACCOUNTS }, (_, i) => new SimulatedAccount(`account-${i}`));
  readonly #dice = makeDice(7);
  readonly #due: { readonly at: number; readonly then: () => void }[] = [];
  #running: Promise<unknown>[] = [];
  now = 0;
  left: number;
  answered = 0;

  constructor(verifications: number) {
    this.left = verifications;
  }

  async run(faults: (simulation: Simulation) => void): Promise<void> {
    const workers = Array.from({ length: WORKERS }, () => new SimulatedWorker(this));
    const count = this.left;
    for (; this.answered < count; this.now += STEP_MS) {
      if (this.now === FAULTS_AT) faults(this);
      for (const event of this.#due.filter(({ at }) => at <= this.now)) {
        this.#due.splice(this.#due.indexOf(event), 1);
        event.then();
      }
      for (const worker of workers) this.track(worker.fill());
      while (this.#running.length > 0) await Promise.all(this.#running.splice(0));
      for (const account of this.accounts) account.grantDue(this.now);
      while (this.#running.length > 0) await Promise.all(this.#running.splice(0));
    }
  }

  after(ms: number, then: () => void): void {
    this.#due.push({ at: this.now + ms, then });
  }

  /** Choices are made within a step: they cost no virtual time. */
  track(work: Promise<unknown>): void {
    this.#running.push(work);
  }

  random(): number {
    return this.#dice.next();
  }

  useOf(accounts: readonly SimulatedAccount[], from: number, to: number): number {
    const sent = accounts.flatMap(({ sentAt }) => sentAt).filter((at) => at >= from && at < to);
    return sent.length / ((to - from) / 1000) / (QUOTA * accounts.length);
  }
}

class SimulatedWorker {
  readonly #simulation: Simulation;
  readonly #accounts: readonly { readonly account: WorkerAccount; readonly upstream: SimulatedAccount }[];
  readonly #chooser;
  #inFlight = 0;
  #restsUntil = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    this.#accounts = simulation.accounts.map((upstream) => ({ upstream, account: openAccount(upstream) }));
    const [first, ...others] = this.#accounts.map(({ account }) => account);
    if (first === undefined) throw new Error('There must be an account');
    this.#chooser = createAccountChooser({
      pool: createAccountPool([first, ...others], QUOTA * ACCOUNTS),
      concurrency: CONCURRENCY,
      hasUntried: async () => simulation.left > 0,
      log: pino({ level: 'silent' }),
      now: () => simulation.now,
      random: () => simulation.random(),
    });
  }

  async fill(): Promise<void> {
    while (this.#inFlight < CONCURRENCY && this.#simulation.left > 0) {
      if (this.#simulation.now < this.#restsUntil) return;
      const passage = await this.#chooser.pass({ tried: false, clientId: 'client' });
      if (passage.status !== 'open') {
        if (passage.status === 'closed') this.#restsUntil = passage.until;
        return;
      }
      this.#simulation.left -= 1;
      this.#inFlight += 1;
      await this.#ask(new Set());
      passage.leave();
    }
  }

  async #ask(tried: Set<WorkerAccount>): Promise<void> {
    const choice = await this.#chooser.choose({ clientId: 'client', tried: false, except: tried });
    if (choice.status === 'none') {
      this.#inFlight -= 1;
      this.#simulation.left += 1;
      return;
    }
    const { account } = choice;
    const upstream = this.#accounts.find((each) => each.account === account)?.upstream;
    if (upstream === undefined) throw new Error('There must be an upstream of each account');
    tried.add(account);
    const moveOn = () => {
      choice.leave();
      this.#simulation.track(this.#ask(tried));
    };
    const turnAway: Waiter['turnAway'] = (how) => {
      if (how === 'closed') this.#chooser.noteClosed(account, upstream.closedUntil ?? 0);
      else this.#chooser.noteReach(account, 'ECONNREFUSED');
      moveOn();
    };
    if (upstream.closedUntil !== null) turnAway('closed');
    else if (upstream.fault === 'gone') turnAway('unreached');
    else upstream.waiters.push({ send: () => this.#send(choice, upstream, moveOn), turnAway });
  }

  #send(choice: Extract<Choice, { status: 'chosen' }>, upstream: SimulatedAccount, moveOn: () => void): void {
    const simulation = this.#simulation;
    const noteAnswered = choice.account.load.noteSent();
    simulation.after(150 + 400 * simulation.random(), () => {
      noteAnswered();
      if (upstream.fault === 'arrears') {
        upstream.close(simulation.now + PROBE_MS);
        this.#chooser.noteClosed(choice.account, simulation.now + PROBE_MS);
        moveOn();
        return;
      }
      choice.leave();
      this.#inFlight -= 1;
      simulation.answered += 1;
    });
  }
}

/** As much of an account as the choice looks at. */
function openAccount(upstream: SimulatedAccount): WorkerAccount {
  const state = async () => ({
    status: upstream.closedUntil === null ? 'running' : 'held',
    resumesAt: upstream.closedUntil,
    effectiveRate: QUOTA,
  });
  const account = {
    name: upstream.name,
    quotaPerSecond: QUOTA,
    weight: QUOTA,
    clients: null,
    load: new AccountLoad(),
    limiter: { state },
  };
  return account as unknown as WorkerAccount;
}

/** The last seconds are those in which nothing waits in line any more that could go to the account that opens first. */
const ENDING_MS = 3_000;

test('ten accounts of 20 a second are used to 98 % by four workers, and none beyond its quota', async () => {
  const simulation = new Simulation(3_000);
  await simulation.run(() => undefined);
  const end = simulation.now;
  expect(simulation.useOf(simulation.accounts, 0, end - ENDING_MS)).toBeGreaterThanOrEqual(0.98);
  for (const { sentAt } of simulation.accounts) {
    for (const at of sentAt) {
      expect(sentAt.filter((other) => other > at - 1000 && other <= at).length).toBeLessThanOrEqual(QUOTA);
    }
  }
});

test('after one account falls into arrears and the endpoint of another is gone, the others are used to 97 % at once', async () => {
  const simulation = new Simulation(3_000);
  await simulation.run(({ accounts: [arrears, gone] }) => {
    if (arrears !== undefined) arrears.fault = 'arrears';
    gone?.breakDown();
  });
  const left = simulation.accounts.slice(2);
  expect(simulation.useOf(left, FAULTS_AT, FAULTS_AT + 2_000)).toBeGreaterThanOrEqual(0.97);
  expect(simulation.useOf(left, FAULTS_AT + 2_000, simulation.now - ENDING_MS)).toBeGreaterThanOrEqual(0.97);
});
