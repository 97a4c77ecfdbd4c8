import type { Logger } from 'pino';
import type { AccountPool } from '../../shared/account/account-pool.ts';
import {
  type AccountView,
  chooseAccount,
  hasRoom,
  isOpen,
  isProbeDue,
} from '../../shared/account/choose-account.ts';
import {
  createAccountWatch,
  LOOK_AGAIN_MS,
  type Passage as WatchPassage,
} from '../verification/account-watch.ts';
import { type KnownState, KnownStates } from './known-states.ts';
import type { WorkerAccount } from './open-account.ts';

export type Passage =
  | WatchPassage
  /** The accounts of its client are closed or busy, while others are not: it waits behind, and keeps no other waiting. ms epoch */
  | { readonly status: 'elsewhere'; readonly at: number };

export interface ChoiceRequest {
  readonly clientId: string;
  /** It comes back from a failed call: others find out about a closed account. */
  readonly tried: boolean;
  /** Accounts that have been of no use to it in this claim. */
  readonly except: ReadonlySet<WorkerAccount>;
  /** The account of its last attempt, which failed: another is asked, if one is open. */
  readonly failedOn?: string | undefined;
}

export type Choice =
  | {
      readonly status: 'chosen';
      readonly account: WorkerAccount;
      /** Its call is over. */
      leave(): void;
    }
  /** ms epoch; `isAnyOpen`: an account that may not be asked about this client */
  | { readonly status: 'none'; readonly until: number; readonly isAnyOpen: boolean };

/** Which account is asked about a verification, and whether any can be: before it is claimed, and when it is to be asked. */
export interface AccountChooser {
  /** Looks before a verification is claimed: while no account can be asked, nothing is read for nothing. */
  pass(verification: { readonly tried: boolean; readonly clientId: string }): Promise<Passage>;
  choose(request: ChoiceRequest): Promise<Choice>;
  /** The account's limiter has turned a call away. @param until ms epoch */
  noteClosed(account: WorkerAccount, until: number): void;
  /** @param cause of no request getting out; null: one did */
  noteReach(account: WorkerAccount, cause: string | null): void;
}

export interface ChooserDeps {
  readonly pool: AccountPool<WorkerAccount>;
  /** Verifications that this process has in flight at most. */
  readonly concurrency: number;
  /** Whether verifications wait that have not been asked about yet. */
  readonly hasUntried: () => Promise<boolean>;
  readonly log: Logger;
  readonly now: () => number;
  /** In [0, 1) */
  readonly random: () => number;
}

export function createAccountChooser(deps: ChooserDeps): AccountChooser {
  const [sole, ...others] = deps.pool.accounts;
  return others.length === 0 ? chooseSole(sole, deps) : new SeveralAccounts(deps);
}

/** With one account nothing is chosen: nothing is looked at but what lets verifications pass. */
function chooseSole(account: WorkerAccount, deps: ChooserDeps): AccountChooser {
  const { hasUntried, now } = deps;
  const watch = createAccountWatch({ readState: () => account.limiter.state(), hasUntried, now });
  return {
    pass: (verification) => watch.pass(verification),
    choose: async ({ except }) =>
      except.has(account)
        ? { status: 'none', until: now(), isAnyOpen: false }
        : { status: 'chosen', account, leave: () => undefined },
    noteClosed: nothing,
    noteReach: nothing,
  };
}

/** An account may have so much more than its part of the places in flight, while the others are open. */
const MORE_THAN_ITS_PART = 1.5;
const LEAST_PLACES = 4;
const LOOK_SOON_MS = 250;
/** Who waits for accounts of its own comes back within this time, however long they stay closed or busy. */
const LONGEST_ELSEWHERE_MS = 10_000;
const SHORTEST_ELSEWHERE_MS = 1_000;

interface Known {
  readonly account: WorkerAccount;
  readonly state: KnownState;
}

interface Seen {
  readonly account: WorkerAccount;
  readonly view: AccountView;
}

class SeveralAccounts implements AccountChooser {
  readonly #deps: ChooserDeps;
  readonly #states: ReadonlyMap<WorkerAccount, KnownStates>;
  readonly #probed = new Set<WorkerAccount>();
  readonly #booked = new Map<string, number>();
  #isPassing = false;

  constructor(deps: ChooserDeps) {
    this.#deps = deps;
    this.#states = new Map(
      deps.pool.accounts.map((account) => [
        account,
        new KnownStates(() => account.limiter.state(), account.quotaPerSecond),
      ]),
    );
  }

  async pass({ tried, clientId }: { readonly tried: boolean; readonly clientId: string }): Promise<Passage> {
    const { pool, hasUntried, now } = this.#deps;
    const all = this.#view(await this.#know());
    const allowed = pool.forClient(clientId);
    const own = all.filter(({ account }) => allowed.includes(account));
    if (own.length === 0) return { status: 'elsewhere', at: this.#soon() };
    if (own.some(({ view }) => isOpen(view) && hasRoom(view))) return { status: 'open', leave: nothing };
    if (own.some(({ view }) => isOpen(view))) return { status: 'elsewhere', at: this.#book(own) };
    const due = Math.min(...own.map(({ view }) => view.opensAt ?? 0));
    const isAnyOpen = all.some(({ view }) => isOpen(view));
    if (tried && !isAnyOpen && due < Number.POSITIVE_INFINITY && (await hasUntried()))
      return { status: 'aside' };
    if (!this.#isPassing && own.some(({ view }) => isProbeDue(view, now()))) {
      this.#isPassing = true;
      return {
        status: 'open',
        leave: () => {
          this.#isPassing = false;
        },
      };
    }
    if (isAnyOpen) return { status: 'elsewhere', at: this.#later(due) };
    return {
      status: 'closed',
      until: Math.min(Math.max(due, now() + LOOK_SOON_MS), now() + LOOK_AGAIN_MS),
    };
  }

  async choose({ clientId, tried, except, failedOn }: ChoiceRequest): Promise<Choice> {
    const { pool, now, random } = this.#deps;
    const all = this.#view(await this.#know());
    const allowed = pool.forClient(clientId);
    const own = all.filter(({ account }) => allowed.includes(account) && !except.has(account));
    const facts = { now: now(), mayProbe: !tried, random: random() };
    const others = own.filter(({ account }) => account.name !== failedOn);
    const chosen = pick(others, facts) ?? pick(own, facts);
    if (chosen !== undefined) return this.#begin(chosen);
    const until = Math.min(...own.map(({ view }) => view.opensAt ?? 0), Number.POSITIVE_INFINITY);
    const isAnyOpen = all.some(({ account, view }) => isOpen(view) && !except.has(account));
    return { status: 'none', until: isAnyOpen ? this.#later(until) : this.#atMost(until), isAnyOpen };
  }

  noteClosed(account: WorkerAccount, until: number): void {
    this.#states.get(account)?.noteClosed(until);
  }

  noteReach({ name, load }: WorkerAccount, cause: string | null): void {
    const { log, now } = this.#deps;
    if (cause === null) {
      if (load.noteReached())
        log.info({ event: 'account_reached', account: name }, 'an account is reached again');
    } else if (load.noteUnreached(now())) {
      log.warn(
        { event: 'account_unreachable', account: name, cause },
        'no request gets out to an account: the others are asked, and it is tried now and then',
      );
    }
  }

  #begin({ account, view }: Seen): Choice {
    const { load } = account;
    const isProbe = !isOpen(view);
    if (isProbe) this.#probed.add(account);
    load.begin(this.#deps.now());
    return {
      status: 'chosen',
      account,
      leave: () => {
        load.end();
        if (!isProbe) return;
        this.#probed.delete(account);
        this.#states.get(account)?.forget();
      },
    };
  }

  async #know(): Promise<readonly Known[]> {
    const { pool, now } = this.#deps;
    const at = now();
    return Promise.all(
      pool.accounts.map(async (account) => ({ account, state: await this.#stateOf(account, at) })),
    );
  }

  /** In one go with the choice that follows: others that choose meanwhile would see the same place as free. */
  #view(known: readonly Known[]): readonly Seen[] {
    const at = this.#deps.now();
    const opensAtOf = ({ account, state }: Known) => latest(state.opensAt, account.load.restsUntil);
    const openQuota = known.reduce(
      (sum, each) => sum + (opensAtOf(each) === null ? each.account.quotaPerSecond : 0),
      0,
    );
    return known.map((each) => {
      const { account, state } = each;
      const { load, weight } = account;
      return {
        account,
        view: {
          perSecond: state.perSecond,
          weight,
          waiting: load.waiting,
          inFlight: load.inFlight,
          mostInFlight: this.#placesOf(account, openQuota),
          latelyGiven: load.latelyGiven(at),
          opensAt: opensAtOf(each),
          isProbed: this.#probed.has(account),
        },
      };
    });
  }

  async #stateOf(account: WorkerAccount, at: number) {
    const states = this.#states.get(account);
    return states === undefined ? { opensAt: null, perSecond: account.quotaPerSecond } : states.get(at);
  }

  /** An upstream that does not answer keeps calls for as long as a time-out: not in the places of the others. */
  #placesOf({ quotaPerSecond }: WorkerAccount, openQuota: number): number {
    const { concurrency } = this.#deps;
    const part = openQuota > 0 ? quotaPerSecond / openQuota : 1;
    return Math.min(concurrency, Math.max(LEAST_PLACES, Math.ceil(concurrency * part * MORE_THAN_ITS_PART)));
  }

  /** When what is claimed beyond the places of its accounts may come back: each a slot later than the one before. */
  #book(own: readonly Seen[]): number {
    const { now } = this.#deps;
    const names = own.map(({ account }) => account.name).join();
    const perSecond = own.reduce((sum, { view }) => sum + view.perSecond, 0);
    const at = Math.max(this.#booked.get(names) ?? 0, now() + LOOK_SOON_MS) + 1000 / perSecond;
    this.#booked.set(names, at);
    return Math.min(at, now() + LONGEST_ELSEWHERE_MS);
  }

  #soon(): number {
    return this.#later(0);
  }

  #later(due: number): number {
    const { now, random } = this.#deps;
    const at = Math.min(Math.max(due, now() + SHORTEST_ELSEWHERE_MS), now() + LONGEST_ELSEWHERE_MS);
    return Math.round(at + random() * SHORTEST_ELSEWHERE_MS);
  }

  #atMost(until: number): number {
    const { now } = this.#deps;
    return Math.min(Math.max(until, now() + LOOK_SOON_MS), now() + LOOK_AGAIN_MS);
  }
}

const nothing = () => undefined;

function pick(seen: readonly Seen[], facts: Parameters<typeof chooseAccount>[1]): Seen | undefined {
  const index = chooseAccount(
    seen.map(({ view }) => view),
    facts,
  );
  return index === null ? undefined : seen[index];
}

function latest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}
