import type { FileHandle } from 'node:fs/promises';

/** At most so much is lost when the whole machine goes down; a process that is killed loses nothing that was written. */
const SYNC_EVERY_MS = 1_000;

/**
 * A file that only grows. What is appended while a write is under way goes into the next one, so a thousand appends a
 * second are a few writes.
 */
export class AppendedFile {
  readonly #file: FileHandle;
  readonly #now: () => number;
  #text = '';
  #current: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;
  #syncedAt: number;

  constructor(file: FileHandle, now: () => number) {
    this.#file = file;
    this.#now = now;
    this.#syncedAt = now();
  }

  /** Resolves when it is written. */
  append(text: string): Promise<void> {
    this.#text += text;
    // A write that failed fails all that come after it: what is appended later must not stand without what came before.
    this.#next ??= this.#current.then(() => this.#write());
    return this.#next;
  }

  async close(): Promise<void> {
    try {
      await (this.#next ?? this.#current);
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  async #write(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    this.#current = this.#next ?? this.#current;
    this.#next = undefined;
    await this.#file.appendFile(text);
    if (this.#now() - this.#syncedAt < SYNC_EVERY_MS) return;
    this.#syncedAt = this.#now();
    await this.#file.datasync();
  }
}
