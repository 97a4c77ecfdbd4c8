import type { LimiterOptions } from '../../shared/account/limiter/limiter-settings.ts';

/** What one worker process of the benchmark is to do. */
export interface AskerOrders {
  readonly redisUrl: string;
  /** The recorder's. */
  readonly port: number;
  readonly quota: number;
  /** This lane, or BullMQ's limiter with these settings. */
  readonly limiter: 'lane' | { readonly max: number; readonly duration: number };
  readonly concurrency: number;
  /** Body sizes, spread evenly over their logarithm. */
  readonly bodyBytes: readonly [min: number, max: number];
  readonly laneOptions?: LimiterOptions;
  /** Prints the lane's warnings. */
  readonly verbose?: boolean;
}
