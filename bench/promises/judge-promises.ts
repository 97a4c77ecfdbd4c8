/** ms epoch */
export interface AskedVerification {
  readonly priority: 'interactive' | 'bulk';
  readonly submittedAt: number;
  /** As the submission was answered. */
  readonly promisedBy: number;
  /** With what was added until it was asked about. */
  readonly extendedBy: number;
  readonly askedAt: number;
}

export interface JudgedPromise {
  readonly priority: 'interactive' | 'bulk';
  readonly waitedMs: number;
  /** Of what was promised at first, to the wait. */
  readonly ratio: number;
  readonly isExtended: boolean;
  readonly isBroken: boolean;
  /** Negative when it was asked before its time. */
  readonly lateMs: number;
}

/** What the recording upstream says of each promise. */
export function judgePromises(asked: readonly AskedVerification[]): readonly JudgedPromise[] {
  return asked.map(({ priority, submittedAt, promisedBy, extendedBy, askedAt }) => ({
    priority,
    waitedMs: askedAt - submittedAt,
    ratio: (promisedBy - submittedAt) / Math.max(1, askedAt - submittedAt),
    isExtended: extendedBy > promisedBy,
    isBroken: !(askedAt <= extendedBy),
    lateMs: askedAt - extendedBy,
  }));
}
