import type { SweepDeps, SweepStep } from './sweep-deps.ts';

/** Ids that are remembered as logged, so that a bad entry is one line and not one a sweep. */
const REMEMBERED = 10_000;

/**
 * Does something for each entry. One that fails is logged by its id, counted and passed by: a key of another type or a
 * record that cannot be read must not keep the sweep from all the others.
 *
 * @throws the failure when it is Redis' own, which would meet every other entry too
 */
export type EachEntry = (
  step: SweepStep['name'],
  ids: readonly string[],
  work: (id: string) => Promise<void>,
) => Promise<void>;

export function createEachEntry({
  writes,
  metrics,
  log,
}: Pick<SweepDeps, 'writes' | 'metrics' | 'log'>): EachEntry {
  const logged = new Set<string>();
  const skip = (step: SweepStep['name'], id: string, error: unknown) => {
    metrics.sweepSkipped.inc({ what: step });
    if (logged.has(`${step} ${id}`)) return;
    if (logged.size >= REMEMBERED) logged.clear();
    logged.add(`${step} ${id}`);
    log.error(
      { event: 'sweep_skipped', step, verification: id, err: error },
      'the sweep skipped an entry that it cannot read',
    );
  };
  return async (step, ids, work) => {
    for (const id of ids) {
      try {
        await work(id);
      } catch (error) {
        if (writes.note(error)) throw error;
        skip(step, id, error);
      }
    }
  };
}
