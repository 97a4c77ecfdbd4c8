import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';

/** Whether the time is over by which its client wants an answer. @param at ms epoch */
export function isPastDeadline({ answerBy }: Pick<VerificationRecord, 'answerBy'>, at: number): boolean {
  return answerBy !== null && at >= Date.parse(answerBy);
}
