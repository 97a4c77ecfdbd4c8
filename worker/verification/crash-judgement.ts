/**
 * What to do with a verification that was in flight when a worker died.
 *
 * A crash takes everything down that its process had in flight, so it proves nothing about one of them. One that was
 * there twice runs alone the next time; one that twice crashed a worker it had for itself is the cause.
 */
export type CrashJudgement = 'run' | 'run_alone' | 'quarantine';

const SHARED_CRASHES_SUSPECT = 2;
const ALONE_CRASHES_GUILTY = 2;

export function judgeCrashes(crashes: { readonly shared: number; readonly alone: number }): CrashJudgement {
  if (crashes.alone >= ALONE_CRASHES_GUILTY) return 'quarantine';
  if (crashes.alone > 0 || crashes.shared >= SHARED_CRASHES_SUSPECT) return 'run_alone';
  return 'run';
}
