import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { serverAttributes } from '../../shared/tracing/span-attributes.ts';
import type { Span, Tracing } from '../../shared/tracing/tracing.ts';
import type { CallOutcome } from './call-upstream.ts';

/**
 * One upstream call in a span of its own, from the upload to the answer.
 *
 * No `traceparent` goes with it: the upstream's operator is a third party that can add nothing to the trace, and its
 * ids would reveal which calls belong to one verification. The upstream's own texts stay out, too: they may quote.
 */
export function traceCall(
  { tracing, endpoint }: { readonly tracing: Tracing; readonly endpoint: URL },
  record: VerificationRecord,
  call: () => Promise<CallOutcome>,
): Promise<CallOutcome> {
  const attributes = () => ({
    'http.request.method': 'POST',
    ...serverAttributes(endpoint),
    'veriqueue.verification.id': record.id,
    'veriqueue.attempt.number': record.attemptsCounted + 1,
  });
  return tracing.run('POST ImageRecognitionV2', { kind: 'client', attributes }, async (span) => {
    const outcome = await call();
    describeOutcome(tracing, span, outcome);
    return outcome;
  });
}

/** Reported afterwards: nothing may stand between a slot and the bytes it was reserved for. */
function describeOutcome(tracing: Tracing, span: Span, outcome: CallOutcome): void {
  if (outcome.status === 'not_called') {
    const { why } = outcome;
    span.set({ 'veriqueue.withheld': why.status === 'abandoned' ? why.reason : why.status });
    return;
  }
  const { call, slot } = outcome;
  if (slot !== null) {
    const { askedAt, waitedMs } = slot;
    span.set({ 'veriqueue.slot.wait_ms': Math.round(waitedMs) });
    tracing.begin('wait for slot', { kind: 'internal', startedAt: askedAt }).end(askedAt + waitedMs);
  }
  span.set({ 'veriqueue.code': call.code });
  if (call.row.kind !== 'final') span.fail(call.code);
}
