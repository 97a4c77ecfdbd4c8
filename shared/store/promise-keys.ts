/** Of `StoreKeys`, what promised times are worked out from, and kept by. */
export interface PromiseKeys {
  /** Sorted set by the time (ms epoch) by which they want an answer: verifications that gave one. */
  deadlines(): string;
  /** Hash: client id → weight, of those that may submit or have work; `#sum` and `#count` of them. */
  weightSum(): string;
  /** String that expires: a worker has added the weights up just now. */
  weightSumTurn(): string;
  /** Hash: client id → how many of its calls were made again, ever. */
  repeats(): string;
  /** Hash that expires: client id → calls that left in this span of time, numbered from the epoch. */
  callsMade(span: number): string;
  /** Hash: what workers were started with and promises depend on: `bulkShare`. */
  promiseSettings(): string;
}

/** @param tag what the store's keys begin with */
export function promiseKeys(tag: string): PromiseKeys {
  return {
    deadlines: () => `${tag}:deadlines`,
    weightSum: () => `${tag}:weight-sum`,
    weightSumTurn: () => `${tag}:weight-sum-turn`,
    repeats: () => `${tag}:repeats`,
    callsMade: (span) => `${tag}:calls-made:${span}`,
    promiseSettings: () => `${tag}:promise-settings`,
  };
}
