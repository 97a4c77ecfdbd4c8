import type { RedisFailure } from './failure.ts';

/**
 * What we know of one Redis connection, and when a change of it is worth a log line. A client that cannot
 * connect says so at every retry, several times a second; an operator wants to read it once.
 */
export type ConnectionState =
  | { readonly kind: 'connecting'; readonly reported: string | undefined }
  | { readonly kind: 'ready' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly reported: string | undefined };

export type ConnectionEvent =
  | { readonly kind: 'ready' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'error'; readonly failure: RedisFailure | undefined; readonly reason: string };

/** What is worth a line. */
export type ConnectionNews =
  | { readonly kind: 'connected' }
  | { readonly kind: 'back'; readonly awayMs: number }
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export interface ConnectionChange {
  readonly state: ConnectionState;
  readonly news?: ConnectionNews;
}

/** @param now ms epoch */
export function computeConnectionChange(
  state: ConnectionState,
  event: ConnectionEvent,
  now: number,
): ConnectionChange {
  switch (event.kind) {
    case 'ready':
      return becomeReady(state, now);
    case 'closed':
      return state.kind === 'ready'
        ? lose('connection closed', now, 'gone')
        : // A close before the first `ready` always follows an error, which has been reported.
          { state };
    case 'error':
      return takeError(state, event, now);
    default:
      return event satisfies never;
  }
}

function becomeReady(state: ConnectionState, now: number): ConnectionChange {
  switch (state.kind) {
    case 'ready':
      return { state };
    case 'connecting':
      return { state: { kind: 'ready' }, news: { kind: 'connected' } };
    case 'lost':
      return { state: { kind: 'ready' }, news: { kind: 'back', awayMs: now - state.sinceMs } };
    default:
      return state satisfies never;
  }
}

function takeError(
  state: ConnectionState,
  event: ConnectionEvent & { readonly kind: 'error' },
  now: number,
): ConnectionChange {
  // All ways of not answering count as one state; refused, reset and timed out alternate during one outage.
  const kindOfError = event.failure ?? event.reason;
  if (state.kind === 'ready') {
    return lose(event.reason, now, kindOfError);
  }
  if (state.reported === kindOfError) {
    return { state };
  }
  return { state: { ...state, reported: kindOfError }, news: { kind: 'unreachable', reason: event.reason } };
}

function lose(reason: string, now: number, reported: string): ConnectionChange {
  return { state: { kind: 'lost', sinceMs: now, reported }, news: { kind: 'lost', reason } };
}
