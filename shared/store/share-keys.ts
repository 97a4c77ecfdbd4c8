/** Of the names that scripts complete, those of the shares of the quota. */
export const SHARE_NAMES = {
  shares: 'shares',
  shareWeights: 'shares:weights:*',
  shareNext: 'shares:next:*',
  shareLine: 'shares:line:*:*',
  shareUnasked: 'shares:unasked:*',
} as const;

/** Of `StoreKeys`, whose turn is next. An order class is 2 for interactive and 4 for bulk. */
export interface ShareKeys {
  /** Hash: virtual times of the shares, sums of the weights, how near bulk is to its turn. */
  shares(): string;
  /** Hash: client → the weight its turns were given with, of those that have verifications of a class waiting. */
  shareWeights(orderClass: number): string;
  /** Sorted set: client → the tag of its next turn. */
  shareNext(orderClass: number): string;
  /** Sorted set: the verifications of a client that wait in a class, in their order. */
  shareLine(orderClass: number, clientId: string): string;
  /** Sorted set: the verifications of a class that have taken a turn and were not asked about → its tag, and `base` with it. */
  shareUnasked(orderClass: number): string;
  /** String that expires: a worker has looked after the order of what waits just now. */
  sharesTurn(): string;
}

/** @param tag what the store's keys begin with */
export function shareKeys(tag: string): ShareKeys {
  const start = `${tag}:${SHARE_NAMES.shares}`;
  return {
    shares: () => start,
    shareWeights: (orderClass) => `${start}:weights:${orderClass}`,
    shareNext: (orderClass) => `${start}:next:${orderClass}`,
    shareLine: (orderClass, clientId) => `${start}:line:${orderClass}:${clientId}`,
    shareUnasked: (orderClass) => `${start}:unasked:${orderClass}`,
    sharesTurn: () => `${start}:turn`,
  };
}
