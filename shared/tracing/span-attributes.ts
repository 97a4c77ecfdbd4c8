/**
 * Everything a span may say, by OpenTelemetry's semantic conventions where they have a name for it. The list is closed: a
 * subject, a callback's path or query (they may hold tokens) and an error's message (it may quote) have no attribute to
 * go into. docs/tracing.md explains each.
 */
export interface SpanAttributes {
  readonly 'http.request.method'?: string;
  readonly 'http.request.resend_count'?: number;
  /** The route's pattern: what a client puts into a path is its own. */
  readonly 'http.route'?: string;
  readonly 'http.response.status_code'?: number;
  readonly 'server.address'?: string;
  readonly 'server.port'?: number;
  readonly 'messaging.system'?: 'bullmq';
  readonly 'messaging.operation.type'?: 'send' | 'process';
  readonly 'messaging.operation.name'?: string;
  readonly 'messaging.destination.name'?: string;
  /** A code or a class of errors, never a message. */
  readonly 'error.type'?: string;
  readonly 'veriqueue.client.id'?: string;
  readonly 'veriqueue.verification.id'?: string;
  /** The problem document's `code`. */
  readonly 'veriqueue.problem'?: string;
  /** From 1. Of the upstream's attempts or of the delivery's, by the span's kind of work. */
  readonly 'veriqueue.attempt.number'?: number;
  /** Of the outcome table. */
  readonly 'veriqueue.code'?: string;
  readonly 'veriqueue.verdict'?: string;
  /** What follows from an attempt. */
  readonly 'veriqueue.step'?: string;
  /** The upstream's `RequestId`. */
  readonly 'veriqueue.request_id'?: string;
  /** ms from asking for a slot to having it. */
  readonly 'veriqueue.slot.wait_ms'?: number;
  /** Why a prepared request was not sent. */
  readonly 'veriqueue.withheld'?: string;
}

/** Of a request that is sent. Of a callback's address nothing else may be exported: the rest can hold tokens. */
export function serverAttributes({ hostname, port, protocol }: URL) {
  return {
    'server.address': hostname,
    'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
  } as const satisfies SpanAttributes;
}

/** Of the span in which a job is worked on. */
export function processingAttributes(queue: string) {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': queue,
  } as const satisfies SpanAttributes;
}
