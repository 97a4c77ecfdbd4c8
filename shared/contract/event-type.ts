import type { AnsweredStatus } from './verification-status.ts';

/** The type of the event that a status brings. A cancelled verification has none: its client cancelled it. */
export const eventTypes = {
  completed: 'verification.completed',
  failed: 'verification.failed',
} as const satisfies Record<AnsweredStatus, string>;

/** Events that bring no outcome. They are made only for a client that has an endpoint which asks for their type. */
export const noticeTypes = {
  deferred: 'verification.deferred',
  retrying: 'verification.retrying',
  deliveryDead: 'delivery.dead',
  threshold: 'usage.threshold',
  erased: 'subject.erased',
} as const;

/** What operators' endpoints get. */
export const operatorEventTypes = { suspended: 'lane.suspended', resumed: 'lane.resumed' } as const;

/** More are a mistake: each event is posted to all of them. */
export const MOST_OPERATOR_ENDPOINTS = 10;

/** What an endpoint gets that does not say: later versions add types, and none of them to it. */
export const defaultTypes = Object.values(eventTypes);

/** Every type that a client may choose. */
export const clientEventTypes = [...defaultTypes, ...Object.values(noticeTypes)] as const;
