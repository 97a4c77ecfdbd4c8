import { signal } from '@preact/signals';
import type { ConsoleSnapshot } from '../shared/contract/console.ts';

/** Everything that more than one part of the page looks at. */

export const session = signal<'unknown' | 'unreachable' | 'signed_out' | 'signed_in'>('unknown');

/** The latest word of the server; null before the first. */
export const snapshot = signal<ConsoleSnapshot | null>(null);

/** `trouble`: the server answers, but Redis does not answer it. */
export const connection = signal<'connecting' | 'live' | 'reconnecting' | 'trouble'>('connecting');

/** What came of the operator's last action, read out once. */
export const notice = signal<{ readonly tone: 'done' | 'failed'; readonly text: string } | null>(null);

/** The verification that is looked at; it stands in the address, so that Back closes it. */
export const opened = signal<string | null>(null);

/** Counts actions that may have changed lists which are not live. */
export const changes = signal(0);
