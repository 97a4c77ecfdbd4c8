/** Every status that a client sees, and what the verification does in it. Who sets one, and when: docs/ARCHITECTURE.md, "States". */
const PHASES = {
  queued: 'waits',
  verifying: 'runs',
  retrying: 'waits',
  deferred: 'waits',
  held: 'waits',
  completed: 'final',
  failed: 'final',
  cancelled: 'final',
} as const;

export type VerificationStatus = keyof typeof PHASES;

/** `held` is a view: a queued verification shows it while its lane is held. Nothing is stored under it. */
export type StoredStatus = Exclude<VerificationStatus, 'held'>;

type StatusIn<Phase> = {
  [Status in VerificationStatus]: (typeof PHASES)[Status] extends Phase ? Status : never;
}[VerificationStatus];

export type FinalStatus = StatusIn<'final'>;
/** The worker has answered: the others that are final were cancelled. */
export type AnsweredStatus = Exclude<FinalStatus, 'cancelled'>;
/** As a verification is stored that waits to be asked about. */
export type WaitingStatus = Exclude<StatusIn<'waits'>, 'held'>;

export const verificationStatuses = Object.keys(PHASES) as readonly VerificationStatus[];
export const finalStatuses = verificationStatuses.filter(isFinalStatus);

/** Whether a verification has come to its end: it is never asked about again. */
export function isFinal({ status }: { readonly status: VerificationStatus }): boolean {
  return isFinalStatus(status);
}

/** Whether it waits to be asked about, now or at its time. */
export function isWaiting({ status }: { readonly status: VerificationStatus }): boolean {
  return PHASES[status] === 'waits';
}

function isFinalStatus(status: VerificationStatus): status is FinalStatus {
  return PHASES[status] === 'final';
}
