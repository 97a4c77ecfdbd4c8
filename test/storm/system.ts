import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import type { UsageReport } from '../../shared/contract/usage.ts';
import type { UnaskedExit } from './logs.ts';
import type { PartSlot } from './part-slot.ts';
import type { RedisPair } from './redis-pair.ts';
import type { Residue } from './residue.ts';
import type { FeedEntry, ShownVerification } from './storm-facts.ts';

/** What is put into the storm: Veriqueue, or the plain pipeline beside it. Both look alike from outside. */
export interface System {
  readonly url: string;
  readonly apiKey: string;
  /** Null: its events are not signed. */
  readonly webhookSecret: string | null;
  readonly producer: PartSlot;
  readonly workers: readonly PartSlot[];
  readonly lockPattern: string;
  /** Without a new acknowledgement for so long, what is missing is taken to be stuck. */
  readonly quietMs: number;
  /** What an operator does when all is well again: sends dead letters once more. @returns how many */
  repair(jobs: ReadonlyMap<number, string>): Promise<number>;
  /** Null: it has no such view. */
  show(jobs: ReadonlyMap<number, string>): Promise<ReadonlyMap<number, ShownVerification> | null>;
  /** Null: it has no feed. */
  feed(): Promise<readonly FeedEntry[] | null>;
  usage(): Promise<UsageReport['data'] | null>;
  residue(redis: Redis): Promise<Residue>;
  stop(): Promise<void>;
}

export interface SystemOptions {
  readonly redis: RedisPair;
  readonly upstreamUrl: string;
  readonly receiverUrl: string;
  readonly workers: number;
  readonly quotaPerSecond: number;
  readonly upstreamTimeoutMs: number;
  readonly folder: string;
  readonly onUnaskedExit: (exit: UnaskedExit) => void;
}

export type StartSystem = (options: SystemOptions) => Promise<System>;

export const workerNames = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `worker-${index + 1}`);

export const logFileOf = ({ folder }: SystemOptions, name: string): string => join(folder, `${name}.log`);

export const makeSecret = (): string => randomBytes(32).toString('base64');
