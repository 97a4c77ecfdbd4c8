const setImmediateOfNode = globalThis.setImmediate;
const now = globalThis.performance.now.bind(globalThis.performance);

/** The machine's own clock, taken before anything is put in its place. */
export const realClock = {
  now,
  /** Resolves when no promise and no `nextTick` of this process can go on by itself. */
  settle: () =>
    new Promise<void>((resolve) => {
      setImmediateOfNode(resolve);
    }),
};
