/** Memory for photos that is used again: allocated anew for each, it is returned too late to stay small. */
export interface PhotoBuffers {
  /** At least so long. */
  take(bytes: number): Buffer;
  giveBack(buffer: Buffer): void;
}

const STEP = 128 * 1024;

export function createPhotoBuffers(): PhotoBuffers {
  const free: Buffer[] = [];
  return {
    take: (bytes) => {
      const i = free.findIndex((buffer) => buffer.length >= bytes);
      const [found] = i === -1 ? [] : free.splice(i, 1);
      if (found) return found;
      // In place of one that is too small: there are never more than were in use at once.
      free.pop();
      return Buffer.allocUnsafeSlow(Math.ceil(Math.max(bytes, 1) / STEP) * STEP);
    },
    giveBack: (buffer) => void free.push(buffer),
  };
}
