import { isPackageMissing } from '../missing-package.ts';
import type { RunningTracing, TracingEnvironment, TracingOptions } from './running-tracing.ts';
import { tracingOff } from './tracing.ts';

const off: RunningTracing = { tracing: tracingOff, stop: async () => undefined };

/**
 * Starts tracing if the environment asks for it. OpenTelemetry is loaded only then: it costs 25 MB and 0.3 s.
 *
 * Never rejects: settings that cannot be used leave tracing off, with a line in the log.
 */
export async function startTracing(options: TracingOptions): Promise<RunningTracing> {
  if (!isTracingConfigured(options.environment)) return off;
  try {
    const { startOpenTelemetry } = await import('./open-telemetry.ts');
    return startOpenTelemetry(options);
  } catch (error) {
    if (isPackageMissing(error)) {
      options.log.error(
        { event: 'tracing_failed', reason: 'OpenTelemetry is not installed' },
        'tracing stays off: install @opentelemetry/sdk-node, or build the image with WITH_TRACING=yes',
      );
      return off;
    }
    // Its message may quote a header, and with it a secret.
    const reason = error instanceof Error ? error.name : typeof error;
    options.log.error({ event: 'tracing_failed', reason }, 'tracing cannot start and stays off');
    return off;
  }
}

/**
 * Whether traces are wanted: an endpoint or an exporter is set. With OpenTelemetry's own default, a collector on this host,
 * every installation without one would trace for nothing.
 */
export function isTracingConfigured(environment: TracingEnvironment): boolean {
  const read = (variable: string) => environment[variable]?.trim().toLowerCase() ?? '';
  if (read('OTEL_SDK_DISABLED') === 'true') return false;
  const exporter = read('OTEL_TRACES_EXPORTER');
  if (exporter === 'none') return false;
  return [exporter, read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'), read('OTEL_EXPORTER_OTLP_ENDPOINT')].some(
    (value) => value !== '',
  );
}
