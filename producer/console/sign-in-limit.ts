/** Wrong keys from one address within a minute. The key cannot be guessed at any rate; the log can be flooded. */
const MAX_FAILURES = 10;
const WINDOW_MS = 60_000;
/** Addresses remembered; beyond, the oldest is forgotten. */
const MAX_ADDRESSES = 1_000;

export interface SignInLimit {
  /** @returns seconds until this address may try again; 0: now */
  waitSeconds(address: string): number;
  noteFailure(address: string): void;
}

/** Of this process. Behind a proxy all operators share its address. */
export function createSignInLimit(now: () => number): SignInLimit {
  const failures = new Map<string, { readonly since: number; readonly count: number }>();
  const current = (address: string) => {
    const found = failures.get(address);
    return found && now() - found.since < WINDOW_MS ? found : undefined;
  };
  return {
    waitSeconds: (address) => {
      const found = current(address);
      if (!found || found.count < MAX_FAILURES) return 0;
      return Math.ceil((found.since + WINDOW_MS - now()) / 1000);
    },
    noteFailure: (address) => {
      const { since, count } = current(address) ?? { since: now(), count: 0 };
      failures.delete(address);
      const [oldest] = failures.keys();
      if (failures.size >= MAX_ADDRESSES && oldest !== undefined) failures.delete(oldest);
      failures.set(address, { since, count: count + 1 });
    },
  };
}
