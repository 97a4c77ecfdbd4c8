import type { VerificationRecord } from '../../shared/store/verifications/verification-record.ts';
import { serverAttributes } from '../../shared/tracing/span-attributes.ts';
import type { Span, Tracing } from '../../shared/tracing/tracing.ts';
import type { CallResult } from '../upstream/upstream-client.ts';
import type { SlotWait } from './slot-taker.ts';

interface TracedCall {
  readonly call: CallResult;
  readonly wait: SlotWait;
}

/**
 * One upstream call in a span of its own, from the upload to the answer.
 *
 * No `traceparent` goes with it: the upstream's operator is a third party that can add nothing to the trace, and its
 * ids would tell which calls belong to one verification. The upstream's own texts stay out, too: they may quote.
 */
export function traceCall(
  { tracing, endpoint }: { readonly tracing: Tracing; readonly endpoint: URL },
  record: VerificationRecord,
  call: () => Promise<TracedCall>,
): Promise<TracedCall> {
  const attributes = () => ({
    'http.request.method': 'POST',
    ...serverAttributes(endpoint),
    'veriqueue.verification.id': record.id,
    'veriqueue.attempt.number': record.attemptsCounted + 1,
  });
  return tracing.run('POST ImageRecognitionV2', { kind: 'client', attributes }, async (span) => {
    const traced = await call();
    describeWait(tracing, span, traced.wait);
    describeCall(span, traced.call);
    return traced;
  });
}

/** Told afterwards: nothing may stand between a slot and the bytes it was granted for. */
function describeWait(tracing: Tracing, span: Span, wait: SlotWait): void {
  if (wait.status !== 'granted') return;
  const { waitedMs } = wait.slot;
  span.set({ 'veriqueue.slot.wait_ms': Math.round(waitedMs) });
  tracing.begin('wait for slot', { kind: 'internal', startedAt: wait.askedAt }).end(wait.askedAt + waitedMs);
}

function describeCall(span: Span, call: CallResult): void {
  if (call.status === 'not_sent') {
    span.set({ 'veriqueue.withheld': call.reason });
    return;
  }
  span.set({ 'veriqueue.code': call.code });
  if (call.row.kind !== 'final') span.fail(call.code);
}
