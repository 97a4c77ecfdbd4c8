import { type Context, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import { BullMQOTelSpan, BullMQOtel } from 'bullmq-otel';
import type { FlowTelemetry } from '../store/queue/job-queue.ts';
import type { SpanAttributes } from './span-attributes.ts';

type ContextTelemetry = FlowTelemetry<Context>;
type TelemetrySpan = ReturnType<ContextTelemetry['tracer']['startSpan']>;

/**
 * bullmq-otel for flows, which puts the active context into each job (`tm` in its options).
 *
 * BullMQ makes a span for the flow and one more for each of its jobs, which take no time of their own; here the jobs
 * carry the context of the flow's. For workers it is not used: theirs make traces of their own at every poll, lock and
 * stalled check, several a second on an idle lane, and a span for each fruitless claim while a lane is closed.
 */
export function createFlowTelemetry(tracer: Tracer): ContextTelemetry {
  const { contextManager } = new BullMQOtel();
  return {
    contextManager,
    tracer: {
      startSpan: (name, _options, context) => {
        const [operation = '', destination = ''] = name.split(' ');
        if (operation === 'addNode') return transparentSpan;
        const attributes = {
          'messaging.system': 'bullmq',
          'messaging.operation.type': 'send',
          'messaging.operation.name': operation,
          'messaging.destination.name': destination,
        } as const satisfies SpanAttributes;
        return new FlowSpan(tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes }, context));
      },
    },
  };
}

/** BullMQ's own attributes say the same in names of its own. */
class FlowSpan extends BullMQOTelSpan {
  override setAttribute(): void {}

  override setAttributes(): void {}

  /** Without its message: an error of Redis may quote the command. */
  override recordException(exception: unknown): void {
    this.span.setAttribute('error.type', exception instanceof Error ? exception.name : typeof exception);
    this.span.setStatus({ code: SpanStatusCode.ERROR });
  }
}

const transparentSpan: TelemetrySpan = {
  setSpanOnContext: (context) => context,
  setAttribute: () => undefined,
  setAttributes: () => undefined,
  addEvent: () => undefined,
  recordException: () => undefined,
  end: () => undefined,
};
