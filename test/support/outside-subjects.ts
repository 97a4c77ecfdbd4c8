import type { Ciphertext, SubjectStore } from '../../shared/store/subjects/subject-store.ts';

export interface OutsideSubjects {
  readonly store: SubjectStore;
  /** Ids whose bytes are kept now. */
  ids(): string[];
  /** Lets the next calls of `put` keep the bytes and then fail, as an upload whose answer is lost. */
  failPuts(count: number): void;
  /** Drops the next calls of `delete`, as a process does that ends before them. */
  dropDeletions(count: number): void;
}

/** Subjects outside Redis, in this process: what an object store is to producer and workers. */
export function createOutsideSubjects(): OutsideSubjects {
  const objects = new Map<string, Ciphertext>();
  let failing = 0;
  let dropping = 0;
  return {
    ids: () => [...objects.keys()].sort(),
    failPuts: (count) => {
      failing = count;
    },
    dropDeletions: (count) => {
      dropping = count;
    },
    store: {
      put: async (id, { fields, photo }) => {
        objects.set(id, { fields: Buffer.from(fields), photo: Buffer.from(photo) });
        if (failing > 0) {
          failing -= 1;
          throw new Error('Cannot keep the subject: the object store must answer');
        }
        return [];
      },
      get: async (id) => objects.get(id) ?? null,
      delete: async (id) => {
        if (dropping > 0) dropping -= 1;
        else objects.delete(id);
      },
    },
  };
}
