import type { Logger } from 'pino';
import type { Tracing } from './tracing.ts';

export type TracingEnvironment = Readonly<Record<string, string | undefined>>;

export interface TracingOptions {
  /** The `OTEL_*` variables. The SDK reads the process' own again, as its convention is. */
  readonly environment: TracingEnvironment;
  /** `service.name`, unless the environment names one. */
  readonly serviceName: string;
  readonly log: Logger;
}

export interface RunningTracing {
  readonly tracing: Tracing;
  /** Sends what is still to be sent, for two seconds at most. Never rejects. */
  stop(): Promise<void>;
}
