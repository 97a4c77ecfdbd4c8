import type { RowFault } from './batch-row.ts';

/** Finds rows that share a reference: usually one row copied, and a person paid for twice. */
export interface References {
  /** Null for the first row with its reference, and for rows without one. */
  judge(line: number, reference: string | undefined): RowFault | null;
}

export const anyReferences: References = { judge: () => null };

export function createReferences(): References {
  const lines = new FirstLines();
  return {
    judge: (line, reference) => {
      const first = reference === undefined ? line : lines.findOrAdd(hashText(reference), line);
      if (first === line) return null;
      const detail = `must be another than in line ${first}`;
      return { field: 'reference', code: 'duplicate_reference', detail };
    },
  };
}

const FIRST_SLOTS = 1024;

/**
 * The first line of each hash: 24 bytes a row, and nothing for the garbage collector to walk. (A map of the texts
 * was a quarter of a batch's memory.) Open addressing, at most half full.
 */
class FirstLines {
  #hashes = new Float64Array(FIRST_SLOTS);
  /** 0: the slot is free. */
  #lines = new Uint32Array(FIRST_SLOTS);
  #count = 0;

  findOrAdd(hash: number, line: number): number {
    const slot = this.#slotOf(hash);
    const first = this.#lines[slot];
    if (first) return first;
    this.#hashes[slot] = hash;
    this.#lines[slot] = line;
    this.#count += 1;
    if (this.#count * 2 > this.#lines.length) this.#grow();
    return line;
  }

  #slotOf(hash: number): number {
    const size = this.#lines.length;
    let slot = hash % size;
    while (this.#lines[slot] && this.#hashes[slot] !== hash) slot = (slot + 1) % size;
    return slot;
  }

  #grow(): void {
    const [hashes, lines] = [this.#hashes, this.#lines];
    this.#hashes = new Float64Array(hashes.length * 2);
    this.#lines = new Uint32Array(lines.length * 2);
    for (const [i, line] of lines.entries()) {
      if (line === 0) continue;
      const slot = this.#slotOf(hashes[i] ?? 0);
      this.#hashes[slot] = hashes[i] ?? 0;
      this.#lines[slot] = line;
    }
  }
}

/**
 * 53 bits, the most a number holds: two different references of a hundred thousand meet once in two million batches.
 * Two multiplicative hashes with different constants, each mixed with the other at the end.
 */
function hashText(text: string): number {
  let [high, low] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
