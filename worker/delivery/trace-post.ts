import type { DueDelivery } from '../../shared/store/verifications/begin-delivery.ts';
import { serverAttributes } from '../../shared/tracing/span-attributes.ts';
import type { Span, Tracing } from '../../shared/tracing/tracing.ts';
import type { DeliveryResult } from '../../shared/webhook/delivery-result.ts';

/** One post to a callback in a span of its own, which the receiver can go on from by the headers that are handed over. */
export function tracePost(
  tracing: Tracing,
  { id, attempts }: DueDelivery,
  url: string,
  post: (traceHeaders: Readonly<Record<string, string>>) => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const attributes = () => ({
    'http.request.method': 'POST',
    ...serverAttributes(new URL(url)),
    ...(attempts === 0 ? {} : { 'http.request.resend_count': attempts }),
    'veriqueue.verification.id': id,
    'veriqueue.attempt.number': attempts + 1,
  });
  return tracing.run('POST callback', { kind: 'client', attributes }, async (span) => {
    const result = await post(tracing.headers());
    describeResult(span, result);
    return result;
  });
}

function describeResult(span: Span, result: DeliveryResult): void {
  if (result.result === 'unreachable') {
    span.fail(result.errorClass);
    return;
  }
  span.set({ 'http.response.status_code': result.status });
  if (result.result === 'refused') span.fail(String(result.status));
}
