import { signal } from '@preact/signals';
import type { ConsoleSessionState, ConsoleSnapshot } from '../shared/contract/console.ts';
import { parseRoute, type Route } from './route.ts';

/** Everything that more than one part of the page looks at. */

export const session = signal<'unknown' | 'unreachable' | 'signed_out' | 'signed_in'>('unknown');

/** Who is signed in. */
export const operator = signal<ConsoleSessionState['operator']>(null);

/** The latest word of the server; null before the first. */
export const snapshot = signal<ConsoleSnapshot | null>(null);

/** `trouble`: the server answers, but Redis does not answer it. */
export const connection = signal<'connecting' | 'live' | 'reconnecting' | 'trouble'>('connecting');

/** ms epoch: when the page last heard that what it shows is true, while it hears so no more. */
export const lostSince = signal<number | null>(null);

/** What came of an operator's last action, shown where its button is and read out once. */
export const result = signal<Result | null>(null);

export interface Result {
  /** Names the place of the button. */
  readonly place: string;
  readonly tone: 'done' | 'failed';
  readonly text: string;
}

export const route = signal<Route>(parseRoute(''));

/** Counts actions that may have changed lists which are not live. */
export const changes = signal(0);
