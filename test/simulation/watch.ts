import { jobOfReference, personOfJob } from '../storm/person-of-job.ts';
import { type Chain, QUOTA_PER_SECOND, simulatedKeys } from './chain.ts';
import type { Breach } from './judge.ts';
import type { Plan } from './plan.ts';
import type { Keyspace } from './redis/keyspace.ts';
import { ShareWatch } from './watch-shares.ts';
import type { Instance } from './world/world.ts';

export interface Watch {
  readonly breaches: readonly Breach[];
  /** To be called after each step. @param owner whose step it was */
  look(owner: Instance): void;
}

const MOST_BREACHES = 5;
const WINDOW_MS = 1_000;

type Add = (invariant: string, detail: string) => void;

/** Looks at what must hold at every moment, and not at the end alone. */
export function createWatch(chain: Chain, plan: Plan): Watch {
  const breaches: Breach[] = [];
  const add: Add = (invariant, detail) => {
    if (breaches.length < MOST_BREACHES) breaches.push({ invariant, job: null, detail });
  };
  const shares = new ShareWatch(plan, () => chain.world.now, add);
  const calls = watchCalls(chain, shares, add);
  const records = new RecordWatch(shares, add);
  return {
    breaches,
    look: (owner) => {
      if (owner === chain.redisInstance) records.look(chain.redis.keyspace);
      else calls(records);
    },
  };
}

/** The rolling bound, and that no request arrives that no mark has announced. */
function watchCalls({ upstream }: Chain, shares: ShareWatch, add: Add): (records: RecordWatch) => void {
  let seen = 0;
  const arrivals = new Map<string, number>();
  const references = new Map<string, string>();
  return (records) => {
    for (; seen < upstream.calls.length; seen += 1) {
      const [first, last] = [upstream.calls[seen - QUOTA_PER_SECOND], upstream.calls[seen]];
      if (last === undefined) continue;
      if (first !== undefined && last.at - first.at < WINDOW_MS) {
        add('rolling_bound', `${QUOTA_PER_SECOND + 1} calls within ${(last.at - first.at).toFixed(1)} ms`);
      }
      const arrived = (arrivals.get(last.idCard) ?? 0) + 1;
      arrivals.set(last.idCard, arrived);
      for (const reference of records.marks.keys()) {
        const job = jobOfReference(reference);
        if (job !== null) references.set(personOfJob(job).idCard, reference);
      }
      const reference = references.get(last.idCard) ?? '';
      shares.call(reference);
      const marked = records.marks.get(reference)?.size ?? 0;
      if (arrived > marked) {
        add('call_without_mark', `${reference}: ${arrived} calls arrived, ${marked} were marked before`);
      }
    }
  };
}

const RECORDS = simulatedKeys.record('');
const IN_FLIGHT = simulatedKeys.inFlight();

/** What must hold of the records between any two commands. */
class RecordWatch {
  /** Of each reference, the marks that a request is about to leave. */
  readonly marks = new Map<string, Set<string>>();
  readonly #shares: ShareWatch;
  readonly #add: Add;
  #keyspace: Keyspace | null = null;
  readonly #outcomes = new Map<string, string>();
  readonly #claims = new Map<string, string>();

  constructor(shares: ShareWatch, add: Add) {
    this.#shares = shares;
    this.#add = add;
  }

  look(keyspace: Keyspace): void {
    const touched = keyspace.takeTouched();
    if (keyspace !== this.#keyspace) {
      // After a failover, outcomes of the lost second may be others.
      this.#keyspace = keyspace;
      this.#outcomes.clear();
      this.#claims.clear();
      for (const name of keyspace.names()) if (name.startsWith(RECORDS)) this.#lookAt(keyspace, name);
    }
    let changed = touched.has(IN_FLIGHT);
    for (const name of touched) {
      if (!name.startsWith(RECORDS)) continue;
      changed = true;
      this.#lookAt(keyspace, name);
    }
    if (changed) this.#countClaims(keyspace);
  }

  #lookAt(keyspace: Keyspace, name: string): void {
    const value = keyspace.value(name);
    const fields = value?.type === 'hash' ? value.fields : new Map<string, string>();
    this.#lookAtOutcome(keyspace, name, fields);
    const [mark, reference] = [fields.get('sentCall'), fields.get('reference')];
    if (reference !== undefined) this.#shares.accept(reference);
    if (mark !== undefined && reference !== undefined) {
      this.marks.set(reference, (this.marks.get(reference) ?? new Set()).add(mark));
    }
    const [claim, status] = [fields.get('claimedBy'), fields.get('status')];
    if (claim === undefined) this.#claims.delete(name);
    else this.#claims.set(name, claim);
    if (claim !== undefined && status !== 'verifying') this.#add('claim_left', `${name} is ${status}`);
  }

  /**
   * The outcome never changes, and the subject is gone with it. Until a receiver may know of it, the answer to a call that was taken
   * for lost sets right whether it may have been billed again.
   */
  #lookAtOutcome(keyspace: Keyspace, name: string, fields: ReadonlyMap<string, string>): void {
    const outcome = fields.get('outcome');
    const before = this.#outcomes.get(name);
    if (outcome === undefined || before === outcome) return;
    const isPublished =
      fields.get('deliveryStatus') !== 'pending' ||
      fields.has('deliveryAttempts') ||
      fields.has('redelivery');
    if (before !== undefined && (isPublished || withoutRepeats(before) !== withoutRepeats(outcome))) {
      this.#add('outcome_changed', `${name}: ${before} became ${outcome}`);
    }
    this.#outcomes.set(name, outcome);
    const id = name.slice(RECORDS.length);
    if (keyspace.has(simulatedKeys.subject(id))) this.#add('subject_left', id);
  }

  /** What is counted as in flight is what is claimed. */
  #countClaims(keyspace: Keyspace): void {
    const claimed = new Map<string, number>();
    for (const worker of this.#claims.values()) claimed.set(worker, (claimed.get(worker) ?? 0) + 1);
    const value = keyspace.value(IN_FLIGHT);
    const counted = value?.type === 'hash' ? value.fields : new Map<string, string>();
    for (const worker of new Set([...claimed.keys(), ...counted.keys()])) {
      const [is, says] = [claimed.get(worker) ?? 0, Number(counted.get(worker) ?? 0)];
      if (is !== says) this.#add('in_flight_wrong', `${worker} has ${is} claims, and ${says} are counted`);
    }
  }
}

const withoutRepeats = (outcome: string): string =>
  outcome.replace(/"possiblyBilledAgain":(?:true|false),?/, '');
