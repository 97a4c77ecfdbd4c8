/** Bounds the bytes that are under way at a time: a process must not hold a thousand photos because the store is slow. */
export interface ByteBudget {
  /** Runs the work when its bytes fit, in the order of the calls. One that never fits runs alone. */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

interface Waiting {
  readonly bytes: number;
  readonly start: () => void;
}

export function createByteBudget(most: number): ByteBudget {
  const waiting: Waiting[] = [];
  let used = 0;
  const fits = (bytes: number) => used === 0 || used + bytes <= most;
  const startNext = () => {
    for (let next = waiting[0]; next !== undefined && fits(next.bytes); next = waiting[0]) {
      waiting.shift();
      used += next.bytes;
      next.start();
    }
  };
  return {
    run: async (bytes, work) => {
      if (waiting.length === 0 && fits(bytes)) used += bytes;
      else await new Promise<void>((start) => waiting.push({ bytes, start }));
      try {
        return await work();
      } finally {
        used -= bytes;
        startNext();
      }
    },
  };
}
