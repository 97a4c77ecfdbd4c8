/**
 * What to do with a verification that was in flight when a worker died.
 *
 * A crash takes everything down that its process had in flight, so it proves nothing about one of them. One that was
 * there four times runs alone the next time; one that twice crashed a worker it had for itself is the cause.
 *
 * Running alone stops all the others of that process, one suspect after another. When it began after two crashes, nine
 * workers that were killed within 40 s left so many suspects that the last of them waited 50 s for its turn.
 */
export type CrashJudgement = 'run' | 'run_alone' | 'quarantine';

const SHARED_CRASHES_SUSPECT = 4;
const ALONE_CRASHES_GUILTY = 2;

export function judgeCrashes(crashes: { readonly shared: number; readonly alone: number }): CrashJudgement {
  if (crashes.alone >= ALONE_CRASHES_GUILTY) return 'quarantine';
  if (crashes.alone > 0 || crashes.shared >= SHARED_CRASHES_SUSPECT) return 'run_alone';
  return 'run';
}
