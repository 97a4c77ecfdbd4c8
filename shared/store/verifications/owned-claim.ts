/** One run's hold on a verification. What a run writes that has lost it moves nothing. */
export interface OwnedClaim {
  readonly workerId: string;
  /** Of `makeRunToken`: a process may claim the same verification again, after it lost its lock. */
  readonly token: string;
}
