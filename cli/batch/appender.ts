import type { FileHandle } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

/** A file that only grows. */
export interface Appender {
  /** Resolves when the text is written. After a write that failed, every later one fails too. */
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/** A power cut loses at most this much; a process that is killed loses nothing that was written. */
const SYNC_EVERY_MS = 1_000;

/** The stream joins what is appended during a write into the next: a thousand appends a second are a few writes. */
export function createAppender(file: FileHandle, now: () => number): Appender {
  const stream = file.createWriteStream({ flush: true });
  // Without a listener an error would end the process; the append that failed reports it.
  stream.on('error', () => undefined);
  let syncedAt = now();
  return {
    append: async (text) => {
      await new Promise<void>((resolve, reject) => {
        stream.write(text, (error) => (error ? reject(error) : resolve()));
      });
      if (now() - syncedAt < SYNC_EVERY_MS) return;
      syncedAt = now();
      await file.datasync();
    },
    close: () => finished(stream.end()),
  };
}
