import type { ProcessSettings } from '../store/processing-settings.ts';
import type { ProcessingSettings } from './record-of-processing.ts';

/** Their names in the environment. */
const VARIABLES = {
  retentionMs: 'RETENTION',
  subjectTtlMs: 'SUBJECT_TTL',
  auditRetentionMs: 'AUDIT_RETENTION',
  hasObjectStore: 'PHOTO_STORE',
  sharesLogs: 'LOG_SHARING',
} as const satisfies Record<keyof ProcessSettings, string>;

const names = Object.keys(VARIABLES) as (keyof ProcessSettings)[];

/** What a deployment keeps whose processes have these settings: the longest time, and every place, that one of them has. */
export function joinSettings(
  lane: string,
  first: ProcessSettings,
  others: readonly ProcessSettings[],
): ProcessingSettings {
  const all = [first, ...others];
  return {
    lane,
    retentionMs: Math.max(...all.map(({ retentionMs }) => retentionMs)),
    subjectTtlMs: Math.max(...all.map(({ subjectTtlMs }) => subjectTtlMs)),
    auditRetentionMs: Math.max(...all.map(({ auditRetentionMs }) => auditRetentionMs)),
    hasObjectStore: all.some(({ hasObjectStore }) => hasObjectStore),
    sharesLogs: all.some(({ sharesLogs }) => sharesLogs),
    differing: names
      .filter((name) => all.some((each) => each[name] !== first[name]))
      .map((name) => VARIABLES[name]),
  };
}
