/**
 * What to do with a verification that was in flight when a worker died.
 *
 * A crash takes everything down that its process had in flight, so it proves nothing about one of them. One that was
 * there four times runs alone the next time; one that twice crashed a worker it had for itself is the cause.
 *
 * Running alone stops all the others of that process, one suspect after another. With nine workers killed within 40 s,
 * calls of 2 s and suspicion from the second crash on, 9 of 10 verifications that were hit had their outcome 45 s after the
 * first hit; from the fourth on, 29 s (one run each, on a busy machine).
 */
export type CrashJudgement = 'run' | 'run_alone' | 'quarantine';

const SHARED_CRASHES_SUSPECT = 4;
const ALONE_CRASHES_GUILTY = 2;

export function judgeCrashes(crashes: { readonly shared: number; readonly alone: number }): CrashJudgement {
  if (crashes.alone >= ALONE_CRASHES_GUILTY) return 'quarantine';
  if (crashes.alone > 0 || crashes.shared >= SHARED_CRASHES_SUSPECT) return 'run_alone';
  return 'run';
}
