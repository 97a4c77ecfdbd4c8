/** Wrong keys from one address within a minute that are answered as such and logged one by one. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Addresses remembered; beyond, the oldest is forgotten. */
const MAX_ADDRESSES = 1_000;

export interface WrongKeyLimit {
  /**
   * @returns the seconds after which this address may try again, 0 while there are few failures; `first` for the failure
   * that reaches the limit
   */
  noteFailure(address: string): { readonly waitSeconds: number; readonly first: boolean };
}

/**
 * Of this process, for wrong keys alone: they cannot be guessed at any rate, but the log can be flooded. The right key is
 * never held up: an operator who shares an address with an attacker, as all do behind a proxy, would be locked out.
 */
export function createWrongKeyLimit(now: () => number): WrongKeyLimit {
  const failures = new Map<string, { readonly since: number; readonly count: number }>();
  const current = (address: string) => {
    const found = failures.get(address);
    return found && now() - found.since < WINDOW_MS ? found : { since: now(), count: 0 };
  };
  return {
    noteFailure: (address) => {
      const { since, count } = current(address);
      failures.delete(address);
      const [oldest] = failures.keys();
      if (failures.size >= MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
      failures.set(address, { since, count: count + 1 });
      const isOver = count >= MAX_FAILURES;
      return {
        waitSeconds: isOver ? Math.ceil((since + WINDOW_MS - now()) / 1000) : 0,
        first: count === MAX_FAILURES,
      };
    },
  };
}
