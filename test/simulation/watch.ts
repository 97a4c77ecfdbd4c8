import { type Chain, QUOTA_PER_SECOND, simulatedKeys } from './chain.ts';
import type { Breach } from './judge.ts';
import type { Keyspace } from './redis/keyspace.ts';
import type { Instance } from './world/world.ts';

export interface Watch {
  readonly breaches: readonly Breach[];
  /** To be called after each step. @param owner whose step it was */
  look(owner: Instance): void;
}

const MOST_BREACHES = 5;
const WINDOW_MS = 1_000;

/** Looks at what must hold at every moment, and not at the end alone. */
export function createWatch(chain: Chain): Watch {
  const breaches: Breach[] = [];
  const outcomes = new Map<string, string>();
  const add = (invariant: string, detail: string): void => {
    if (breaches.length < MOST_BREACHES) breaches.push({ invariant, job: null, detail });
  };
  let calls = 0;
  let keyspace = chain.redis.keyspace;
  return {
    breaches,
    look: (owner) => {
      const { upstream, redis, redisInstance } = chain;
      for (; calls < upstream.calls.length; calls += 1) {
        const [first, last] = [upstream.calls[calls - QUOTA_PER_SECOND], upstream.calls[calls]];
        if (first !== undefined && last !== undefined && last.at - first.at < WINDOW_MS) {
          add('rolling_bound', `${QUOTA_PER_SECOND + 1} calls within ${(last.at - first.at).toFixed(1)} ms`);
        }
      }
      if (owner !== redisInstance) return;
      if (redis.keyspace !== keyspace) {
        // After a failover, outcomes of the lost second may be others.
        keyspace = redis.keyspace;
        outcomes.clear();
      }
      lookAtRecords(keyspace, outcomes, add);
    },
  };
}

const RECORDS = simulatedKeys.record('');

/** The outcome never changes, and the subject is gone with it. */
function lookAtRecords(
  keyspace: Keyspace,
  outcomes: Map<string, string>,
  add: (invariant: string, detail: string) => void,
): void {
  for (const name of keyspace.takeTouched()) {
    if (!name.startsWith(RECORDS)) continue;
    const value = keyspace.value(name);
    const outcome = value?.type === 'hash' ? value.fields.get('outcome') : undefined;
    if (outcome === undefined) continue;
    const before = outcomes.get(name);
    if (before === outcome) continue;
    if (before !== undefined) add('outcome_changed', `${name}: ${before} became ${outcome}`);
    outcomes.set(name, outcome);
    const id = name.slice(RECORDS.length);
    if (keyspace.has(simulatedKeys.subject(id))) add('subject_left', id);
  }
}
