import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  type Span as OtelSpan,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { core, NodeSDK, resources } from '@opentelemetry/sdk-node';
import type { Logger } from 'pino';
import { readServiceVersion } from '../service-version.ts';
import { within } from '../within.ts';
import { createExportReport, withholdValues } from './export-report.ts';
import { createFlowTelemetry } from './flow-telemetry.ts';
import type { RunningTracing, TracingOptions } from './running-tracing.ts';
import type { OpenSpan, SpanOptions, Tracing } from './tracing.ts';

/** A collector that does not answer must not hold a stopping process up. */
const FLUSH_WITHIN_MS = 2_000;

/** Imported only when tracing is on; see start-tracing.ts. It registers OpenTelemetry's globals: once per process. */
export function startOpenTelemetry({ environment, serviceName, log }: TracingOptions): RunningTracing {
  const report = createExportReport(log, Date.now);
  core.setGlobalErrorHandler(report);
  // With OTEL_LOG_LEVEL the SDK talks to the console itself.
  const listens = environment['OTEL_LOG_LEVEL'] === undefined;
  if (listens) listenToComplaints(log);
  const version = readServiceVersion();
  const sdk = new NodeSDK({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': serviceName, 'service.version': version })),
    ...resourceDetectors(environment),
    // W3C traceparent and nothing else: baggage is free text of the client's, without a bound, that would stand in
    // clear in Redis.
    textMapPropagator: new core.W3CTraceContextPropagator(),
    // Metrics are Prometheus' and logs go to standard output.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  // What it says later is said by the report.
  if (listens) diag.disable();
  log.info({ event: 'tracing_started', service: serviceName, version }, 'tracing is on');
  return {
    tracing: createTracing(trace.getTracer('veriqueue', version)),
    stop: async () => {
      if ((await within(FLUSH_WITHIN_MS, sdk.shutdown().catch(report))) === 'expired')
        log.warn({ event: 'traces_lost', reason: 'timeout' }, 'traces cannot be exported');
    },
  };
}

function listenToComplaints(log: Logger): void {
  const complain = (message: string) =>
    log.warn(
      { event: 'tracing_warning', reason: withholdValues(message) },
      'a tracing setting is not understood',
    );
  const silent = () => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN },
  );
}

/** The SDK's default sends the process' command line and owner to every collector, too. */
function resourceDetectors(environment: TracingOptions['environment']) {
  return environment['OTEL_NODE_RESOURCE_DETECTORS'] === undefined
    ? { resourceDetectors: [resources.envDetector, resources.hostDetector] }
    : {};
}

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const satisfies Record<SpanOptions['kind'], SpanKind>;

function createTracing(tracer: Tracer): Tracing {
  const begin: Tracing['begin'] = (name, { kind, attributes, parent, startedAt }) => {
    const around = contextOf(parent);
    const span = tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        attributes: { ...attributes?.() },
        ...(startedAt === undefined ? {} : { startTime: startedAt }),
      },
      around,
    );
    return openSpan(span, trace.setSpan(around, span));
  };
  return {
    begin,
    run: async (name, options, work) => {
      const span = begin(name, options);
      try {
        return await span.activate(() => work(span));
      } catch (error) {
        span.fail(error instanceof Error ? error.name : typeof error);
        throw error;
      } finally {
        span.end();
      }
    },
    note: (attributes) => {
      trace.getActiveSpan()?.setAttributes({ ...attributes });
    },
    headers: () => {
      const carrier: Record<string, string> = {};
      propagation.inject(context.active(), carrier);
      return carrier;
    },
    flowTelemetry: createFlowTelemetry(tracer),
  };
}

/** Only `traceparent` is taken from outside: `tracestate` is free text, as baggage is. */
function contextOf(parent: string | null | undefined): Context {
  if (parent === undefined) return context.active();
  return parent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent: parent });
}

function openSpan(span: OtelSpan, inside: Context): OpenSpan {
  return {
    set: (attributes) => {
      span.setAttributes({ ...attributes });
    },
    fail: (errorType) => {
      span.setAttribute('error.type', errorType);
      span.setStatus({ code: SpanStatusCode.ERROR });
    },
    activate: (work) => context.with(inside, work),
    end: (at) => {
      if (span.isRecording()) span.end(at);
    },
  };
}
