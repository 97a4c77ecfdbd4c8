import { maskSettings } from './config/environment.ts';
import { createLog, type Logger, type LogOptions } from './log.ts';
import type { LogSharing } from './log-sharing.ts';
import { type LogSharingSettings, openLogSharing } from './open-log-sharing.ts';
import { type ProcessContext, type ProcessEnd, untilAborted } from './run-process.ts';
import { startTracing } from './tracing/start-tracing.ts';
import type { Tracing } from './tracing/tracing.ts';

/** A producer or worker that takes work. */
export interface RunningService {
  readonly url: string;
  readonly operationsUrl?: string;
  /** Resolves when it takes no more work though nothing stopped it. */
  readonly ended?: Promise<void>;
  stop(): Promise<void>;
}

export interface Service {
  readonly part: 'producer' | 'worker';
  readonly settings: Readonly<Record<string, unknown>> &
    LogSharingSettings & {
      readonly LOG_LEVEL: LogOptions['level'];
      readonly LOG_FORMAT: LogOptions['format'];
    };
  /** ms from the signal on, after which the process ends with 1. Without it, `stop` sets its own limits. */
  readonly stopWithinMs?: number;
  /** Logs that it has started. @throws the signal's reason, or why it cannot run */
  start(options: {
    readonly log: Logger;
    readonly tracing: Tracing;
    readonly signal: AbortSignal;
  }): Promise<RunningService>;
}

/**
 * Runs a producer or worker process from its settings to its end, which its log and its traces outlive. One that takes no more
 * work ends too: left running, it would look alive to the system that could start it again.
 *
 * @throws what `start` throws, unless the process is stopped meanwhile
 */
export async function runService(context: ProcessContext, service: Service): Promise<ProcessEnd> {
  const sharing = openLogSharing(service.settings, service.part);
  try {
    return await runLogged(context, service, sharing);
  } finally {
    await sharing.stop();
  }
}

async function runLogged(
  { environment, signal, isTerminal, reportReady, endWithin }: ProcessContext,
  { part, settings, stopWithinMs, start }: Service,
  { offer: share }: LogSharing,
): Promise<ProcessEnd> {
  const { LOG_LEVEL: level, LOG_FORMAT: format } = settings;
  const log = await createLog({ part, level, format, isTerminal, share });
  log.debug({ event: 'settings', ...maskSettings(settings) }, 'effective settings');
  const serviceName = `veriqueue-${part}`;
  const { tracing, stop: stopTracing } = await startTracing({ environment, serviceName, log });
  const service = await start({ log, tracing, signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
    return null;
  });
  if (service === null) {
    await stopTracing();
    log.info({ event: 'stopped' }, `${part} stopped before it began`);
    return 'stopped';
  }
  const { url, operationsUrl, ended } = service;
  reportReady({ url, ...(operationsUrl === undefined ? {} : { operationsUrl }) });
  const end = await Promise.race([
    untilAborted(signal).then(() => 'stopped' as const),
    ...(ended === undefined ? [] : [ended.then(() => 'failed' as const)]),
  ]);
  log.info({ event: 'stopping' }, 'draining');
  if (stopWithinMs !== undefined) {
    endWithin(stopWithinMs, () => log.fatal({ event: 'stop_overdue' }, `the ${part} cannot stop in order`));
  }
  await service.stop();
  await stopTracing();
  log.info({ event: 'stopped' }, `${part} stopped`);
  return end;
}
