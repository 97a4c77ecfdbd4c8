export interface SocketLimits {
  readonly total: number;
  /** 0: no limit. */
  readonly perAddress: number;
  /** A socket that has been idle for less may be about to send its request, and is not closed for another. */
  readonly youngMs: number;
}

/**
 * - `serve`: as usual
 * - `refuse`: its first request is answered 429 and the connection closed
 * - `drop`: closed at once, because there is no room even for that
 */
export interface SocketAdmission<T> {
  readonly verdict: 'serve' | 'refuse' | 'drop';
  /** Has to be closed to make room. */
  readonly evict: T | null;
}

export interface SocketLedger<T> {
  /** @param address null: its sockets are not counted together, because it stands for many clients @param now ms */
  open(socket: T, address: string | null, now: number): SocketAdmission<T>;
  noteBusy(socket: T): void;
  /** It has been answered. */
  noteIdle(socket: T, now: number): void;
  close(socket: T): void;
  /** Those without a request in progress, the longest idle first. */
  idle(): readonly T[];
  counts(): { readonly busy: number; readonly idle: number };
}

interface Entry {
  readonly address: string | null;
}

interface AddressBook<T> {
  readonly sockets: Set<T>;
  /** Idle sockets since when, the longest idle first: a map keeps the order in which they were put in. */
  readonly idle: Map<T, number>;
}

/**
 * Which connections a process keeps. Of one address only so many, so that one host cannot shut everyone out; and where
 * there is no room left, the longest idle one goes first, because no client is waiting on it.
 */
export function createSocketLedger<T>({ total, perAddress, youngMs }: SocketLimits): SocketLedger<T> {
  const entries = new Map<T, Entry>();
  const idle = new Map<T, number>();
  const books = new Map<string, AddressBook<T>>();

  const bookOf = (address: string): AddressBook<T> => {
    const book = books.get(address) ?? { sockets: new Set(), idle: new Map() };
    books.set(address, book);
    return book;
  };
  const noteIdle = (socket: T, now: number) => {
    const entry = entries.get(socket);
    if (!entry) return;
    idle.set(socket, now);
    if (entry.address !== null) bookOf(entry.address).idle.set(socket, now);
  };
  const noteBusy = (socket: T) => {
    idle.delete(socket);
    const address = entries.get(socket)?.address ?? null;
    if (address !== null) bookOf(address).idle.delete(socket);
  };
  const close = (socket: T) => {
    noteBusy(socket);
    const address = entries.get(socket)?.address ?? null;
    entries.delete(socket);
    if (address === null) return;
    const { sockets } = bookOf(address);
    sockets.delete(socket);
    if (sockets.size === 0) books.delete(address);
  };
  const enter = (socket: T, address: string | null, now: number) => {
    entries.set(socket, { address });
    if (address !== null) bookOf(address).sockets.add(socket);
    noteIdle(socket, now);
  };
  const findOld = (candidates: ReadonlyMap<T, number>, now: number): T | null => {
    const [first] = candidates;
    return first !== undefined && now - first[1] >= youngMs ? first[0] : null;
  };
  const decide = (address: string | null, now: number): SocketAdmission<T> => {
    const book = address === null || perAddress === 0 ? undefined : books.get(address);
    if (book && book.sockets.size >= perAddress) {
      const evict = findOld(book.idle, now);
      if (evict !== null) return { verdict: 'serve', evict };
      return { verdict: book.sockets.size < 2 * perAddress ? 'refuse' : 'drop', evict };
    }
    if (entries.size < total) return { verdict: 'serve', evict: null };
    const evict = findOld(idle, now);
    return { verdict: evict === null ? 'drop' : 'serve', evict };
  };

  return {
    open: (socket, address, now) => {
      const admission = decide(address, now);
      if (admission.evict !== null) close(admission.evict);
      if (admission.verdict === 'drop') return admission;
      if (entries.size >= total) return { verdict: 'drop', evict: admission.evict };
      enter(socket, address, now);
      return admission;
    },
    noteBusy,
    noteIdle,
    close,
    idle: () => [...idle.keys()],
    counts: () => ({ busy: entries.size - idle.size, idle: idle.size }),
  };
}
