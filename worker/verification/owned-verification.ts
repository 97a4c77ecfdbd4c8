import type { OwnedClaim } from '../../shared/store/verifications/owned-claim.ts';
import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';

/** A verification that this run has claimed. */
export interface OwnedVerification {
  readonly record: VerificationRecord;
  readonly claim: OwnedClaim;
}
