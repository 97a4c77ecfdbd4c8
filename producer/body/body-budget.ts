/** How many bytes of request bodies a process holds at most. */
export interface BodyLimits {
  readonly processBytes: number;
  readonly clientBytes: number;
}

export type BodyAdmission =
  | { readonly admitted: true; readonly hold: BodyHold }
  | { readonly admitted: false; readonly full: 'client' | 'process' };

/** The bytes one request may hold. */
export interface BodyHold {
  /** Raises the hold to this many bytes. @returns what is full, or null when they are granted */
  grow(bytes: number): 'client' | 'process' | null;
  /** Gives all of it back. Calling it again changes nothing. */
  release(): void;
}

export interface BodyBudget {
  /**
   * @param holder whose request it is; requests without a client share one holder
   * @param bytes held from now on, whether they have arrived or not
   */
  take(holder: string, bytes: number): BodyAdmission;
  bytesInUse(): number;
}

/**
 * Bounds the sum of all bodies that are being received or worked on. A limit per body alone lets two hundred unfinished
 * uploads hold the memory of the process.
 */
export function createBodyBudget({ processBytes, clientBytes }: BodyLimits): BodyBudget {
  const byHolder = new Map<string, number>();
  let total = 0;

  const add = (holder: string, bytes: number): 'client' | 'process' | null => {
    const own = byHolder.get(holder) ?? 0;
    if (own + bytes > clientBytes) return 'client';
    if (total + bytes > processBytes) return 'process';
    total += bytes;
    byHolder.set(holder, own + bytes);
    return null;
  };
  const subtract = (holder: string, bytes: number) => {
    total -= bytes;
    const own = (byHolder.get(holder) ?? 0) - bytes;
    if (own > 0) byHolder.set(holder, own);
    else byHolder.delete(holder);
  };

  return {
    bytesInUse: () => total,
    take: (holder, bytes) => {
      const full = add(holder, bytes);
      if (full !== null) return { admitted: false, full };
      let held = bytes;
      const hold: BodyHold = {
        grow: (wanted) => {
          if (wanted <= held) return null;
          const refusal = add(holder, wanted - held);
          if (refusal === null) held = wanted;
          return refusal;
        },
        release: () => {
          subtract(holder, held);
          held = 0;
        },
      };
      return { admitted: true, hold };
    },
  };
}
