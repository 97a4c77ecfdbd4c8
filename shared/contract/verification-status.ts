/** Every status that a client sees, and whether the verification stays in it. Who sets one, and when: docs/ARCHITECTURE.md, "States". */
const FINALITY = {
  queued: false,
  verifying: false,
  retrying: false,
  deferred: false,
  held: false,
  completed: true,
  failed: true,
  cancelled: true,
} as const;

export type VerificationStatus = keyof typeof FINALITY;

/** `held` is a view: a queued verification shows it while its lane is held. Nothing is stored under it. */
export type StoredStatus = Exclude<VerificationStatus, 'held'>;

export type FinalStatus = {
  [Status in VerificationStatus]: (typeof FINALITY)[Status] extends true ? Status : never;
}[VerificationStatus];

export const verificationStatuses = Object.keys(FINALITY) as readonly VerificationStatus[];
export const finalStatuses = verificationStatuses.filter(isFinalStatus);

/** Whether a verification has come to its end: nobody asks about it any more. */
export function isFinal({ status }: { readonly status: VerificationStatus }): boolean {
  return isFinalStatus(status);
}

function isFinalStatus(status: VerificationStatus): status is FinalStatus {
  return FINALITY[status];
}
