import type { FlowTelemetry } from '../store/queue/job-queue.ts';
import type { SpanAttributes } from './span-attributes.ts';

export interface Span {
  set(attributes: SpanAttributes): void;
  /** @param errorType a code or a class of errors; a message could quote a subject */
  fail(errorType: string): void;
}

/** A span that its beginner must end. */
export interface OpenSpan extends Span {
  /** Runs work whose spans become children of this one. */
  activate<T>(work: () => T): T;
  /**
   * Only the first call counts.
   *
   * @param at ms epoch. @default now
   */
  end(at?: number): void;
}

export interface SpanOptions {
  readonly kind: 'internal' | 'server' | 'client' | 'consumer';
  /** Asked for only when tracing is on. */
  readonly attributes?: () => SpanAttributes;
  /** A `traceparent` to go on from; null begins a trace. @default the active span */
  readonly parent?: string | null;
  /** ms epoch. @default now */
  readonly startedAt?: number;
}

/** What the parts know of tracing. Nothing here fails: a trace that cannot be made must not harm the work. */
export interface Tracing {
  begin(name: string, options: SpanOptions): OpenSpan;
  /** Does work in a span. What it throws is thrown on, and marks the span as failed. */
  run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>;
  /** Adds to the active span, where there is one. */
  note(attributes: SpanAttributes): void;
  /** What names the trace to a receiver: `traceparent`, or nothing. */
  headers(): Readonly<Record<string, string>>;
  /** Has BullMQ put the active trace into the jobs of a flow; absent when tracing is off. */
  readonly flowTelemetry?: FlowTelemetry;
}

const silentSpan: OpenSpan = {
  set: () => undefined,
  fail: () => undefined,
  activate: (work) => work(),
  end: () => undefined,
};

export const tracingOff: Tracing = {
  begin: () => silentSpan,
  run: (_name, _options, work) => work(silentSpan),
  note: () => undefined,
  headers: () => ({}),
};
