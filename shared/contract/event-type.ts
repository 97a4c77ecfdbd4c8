import type { AnsweredStatus } from './verification-status.ts';

/** The type of the event that a status brings. A cancelled verification has none: its client cancelled it. */
export const eventTypes = {
  completed: 'verification.completed',
  failed: 'verification.failed',
} as const satisfies Record<AnsweredStatus, string>;
