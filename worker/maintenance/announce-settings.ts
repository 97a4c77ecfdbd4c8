import {
  ANNOUNCE_EVERY_MS,
  announceSettings,
  type ProcessSettings,
} from '../../shared/store/processing-settings.ts';
import { describeRedisError } from '../../shared/store/redis/failure.ts';
import type { WorkerContext } from '../context.ts';
import type { WorkerSettings } from '../settings.ts';

type Deps = Pick<WorkerContext, 'redis' | 'keys' | 'now' | 'log'>;

/** Says at the start and now and then which settings of this worker decide what is kept. Without it, only the record of processing lacks them. */
export function startAnnouncingSettings(
  deps: Deps,
  settings: Parameters<typeof presentSettings>[0],
): { stop(): Promise<void> } {
  const announce = () =>
    announceSettings(deps.redis, deps.keys, presentSettings(settings), deps.now()).catch((error: unknown) =>
      deps.log.debug({ event: 'settings_not_announced', reason: describeRedisError(error) }),
    );
  void announce();
  const timer = setInterval(() => void announce(), ANNOUNCE_EVERY_MS).unref();
  // What is under way ends with the connection.
  return { stop: async () => clearInterval(timer) };
}

function presentSettings(
  settings: Pick<
    WorkerSettings,
    'RETENTION' | 'SUBJECT_TTL' | 'AUDIT_RETENTION' | 'PHOTO_STORE' | 'LOG_SHARING'
  >,
): ProcessSettings {
  return {
    retentionMs: settings.RETENTION,
    subjectTtlMs: settings.SUBJECT_TTL,
    auditRetentionMs: settings.AUDIT_RETENTION,
    hasObjectStore: settings.PHOTO_STORE.some((place) => place !== 'redis'),
    sharesLogs: settings.LOG_SHARING,
  };
}
