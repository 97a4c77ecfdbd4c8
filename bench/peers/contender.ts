import type { SubmissionOrder } from '../chain/chain.ts';

/** The processes whose time is a contender's own; the stubs' is not. */
export const ROLES = ['server', 'worker', 'producer', 'client'] as const;
export type Role = (typeof ROLES)[number];

/** One row: a pipeline, and a way into it. */
export interface Contender {
  readonly name: string;
  /** Resolves when all are queued, with how many submissions were repeated because the answer asked for it. */
  submit(order: SubmissionOrder): Promise<number>;
  /** Process ids. Without HTTP there is no producer: the client's process does its work. */
  readonly processes: Readonly<Partial<Record<Role, number>>>;
}

/** A pipeline with its own Redis and its own worker, and all ways into it. */
export interface Stack {
  readonly contenders: readonly Contender[];
  /** Before each run: no run starts with more behind it than another. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly upstreamUrl: string;
  readonly receiverUrl: string;
  readonly concurrency: number;
  readonly photoBytes: number;
  /** Names of the contenders that are wanted. */
  readonly only: (name: string) => boolean;
  readonly say: (line: string) => void;
}
