import type { Deaths } from '../../shared/store/verifications/verification-record.ts';

/**
 * What to do with a verification that was in flight when a worker died.
 *
 * A death takes everything down that its process had in flight, so it proves nothing about one of them. One that was
 * there four times runs alone the next time; one whose worker died three times after it was made to run alone is the cause.
 * So a deadly one costs seven deaths. That it happened to be the only one in flight proves nothing: at low traffic every
 * one is.
 *
 * What that does to the innocent: let a process be killed every T, and a claim take c. A claim is then hit with p = c / T, and
 * the hits must follow one another, since a claim that ends in order ends the verification nearly always. With kills every
 * 30 s and calls of 2 s, p = 1/15, and p^7 = 1 in 170 million is quarantined; where two that were alone by chance are proof,
 * as before, p^2 = 1 in 225. With kills every 8 s, p = 1/4: 1 in 16,000, and 1 in 4,000 if two deaths alone were proof. The
 * third costs 4 s. A deploy or a scale-down ends workers in order and counts nothing; nor do lost locks (heartbeat.ts).
 *
 * Running alone stops all the others of that process, one suspect after another. With nine workers killed within 40 s,
 * calls of 2 s and suspicion from the second crash on, 9 of 10 verifications that were hit had their outcome 45 s after the
 * first hit; from the fourth on, 29 s (one run each, on a busy machine).
 */
export type CrashDecision = 'run' | 'run_alone' | 'quarantine';

const SHARED_DEATHS_SUSPECT = 4;
const ALONE_DEATHS_GUILTY = 3;

export function decideAfterDeaths(deaths: Deaths): CrashDecision {
  if (deaths.alone >= ALONE_DEATHS_GUILTY) return 'quarantine';
  const isSuspect = deaths.alone > 0 || deaths.shared >= SHARED_DEATHS_SUSPECT;
  return isSuspect ? 'run_alone' : 'run';
}
