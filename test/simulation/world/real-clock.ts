const setImmediateOfNode = globalThis.setImmediate;
const now = globalThis.performance.now.bind(globalThis.performance);
const { _tickCallback: runTicks } = process as unknown as { readonly _tickCallback: () => void };

/** The machine's own clock, taken before anything is put in its place. */
export const realClock = {
  now,
  /**
   * Runs what promises and `nextTick` have queued, until none of it can go on by itself. Only from within a turn of the event
   * loop, as {@link turn} gives it: a promise that goes on cannot have others run.
   */
  settle: (): void => runTicks.call(process),
  /** Runs in a turn of the event loop of its own. */
  turn: (run: () => void): void => {
    setImmediateOfNode(run);
  },
};
