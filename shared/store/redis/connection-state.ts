import type { RedisFailure } from './failure.ts';

/**
 * What we know of one Redis connection, and when a change of it is worth a log line. A client that cannot
 * connect says so at every retry, several times a second; an operator wants to read it once.
 */
export type ConnectionState =
  | { readonly kind: 'connecting'; readonly reported: readonly string[] }
  | { readonly kind: 'ready' }
  | { readonly kind: 'lost'; readonly sinceMs: number; readonly reported: readonly string[] };

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
      return closeOf(state, now);
    case 'error':
      return takeError(state, event, now);
    default:
      return event satisfies never;
  }
}

function closeOf(state: ConnectionState, now: number): ConnectionChange {
  if (state.kind === 'ready') return lose('connection closed', now, 'gone');
  // It follows an error as a rule, which has been reported. A Redis that has no connection left hangs up without one.
  if (state.reported.length > 0) return { state };
  return takeError(state, { kind: 'error', failure: 'gone', reason: 'connection closed by Redis' }, now);
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
  // Each kind once in an outage: two that alternate would be a line at each try.
  if (state.reported.includes(kindOfError)) {
    return { state };
  }
  return {
    state: { ...state, reported: [...state.reported, kindOfError] },
    news: { kind: 'unreachable', reason: event.reason },
  };
}

function lose(reason: string, now: number, reported: string): ConnectionChange {
  return { state: { kind: 'lost', sinceMs: now, reported: [reported] }, news: { kind: 'lost', reason } };
}
