import type { EventsGone, FeedEvent, FeedPage } from '../shared/contract/feed.ts';
import type { FeedNotice } from '../shared/contract/notice.ts';
import { ApiError } from './api-error.ts';
import { delay } from './delay.ts';
import { isTransient } from './retry-policy.ts';
import { VeriqueueError } from './veriqueue-error.ts';

/** What an event says by its type. Later versions of the server add some. */
export type EventType = FeedEvent['type'] | FeedNotice['type'];

/** One of a page, by its `sequence`. */
export type FeedEntry = FeedEvent | FeedNotice | EventsGone;

/** Which events, and whether to wait for more. */
export interface EventsOptions {
  /** The `sequence` that you have read up to. @default 0: from the oldest that is kept */
  readonly after?: number | undefined;
  /** Events of this type only; ranges that are gone come all the same. */
  readonly type?: EventType | undefined;
  /**
   * Waits for further events until the signal is aborted, through outages of the server too. Without it, the end is what is
   * the last event by then. @default false
   */
  readonly follow?: boolean | undefined;
  /** Ends the call, whatever it waits for, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What of the feed is asked for, as the query has it. */
export interface FeedRequest {
  readonly after: number;
  readonly type: EventType | undefined;
  readonly limit: number;
  /** Seconds. */
  readonly wait: number;
}

const PAGE_MAX = 500;
/** The server's longest. */
const WAIT_MAX_SECONDS = 20;
/** A server that stops answers at once: it is not asked without a pause. */
const PAUSE_MS = 250;
/** After the retries of a request, before the next round of them. */
const OUTAGE_PAUSE_MS = 2_000;

/**
 * Reads the feed page by page.
 *
 * @param timeoutMs of a request: none waits for longer than half of it
 * @throws {VeriqueueError} with `follow` only what does not pass
 */
export async function* readEvents(
  read: (request: FeedRequest) => Promise<FeedPage>,
  { after: start = 0, type, follow = false, signal }: EventsOptions,
  timeoutMs: number,
): AsyncGenerator<FeedEntry, void> {
  const wait = follow ? Math.min(WAIT_MAX_SECONDS, Math.floor(timeoutMs / 2_000)) : 0;
  for (let after = start; ; ) {
    const request = { after, type, limit: PAGE_MAX, wait };
    const page = follow ? await readThroughOutages(() => read(request), signal) : await read(request);
    yield* page.data;
    after = page.nextAfter;
    if (after < page.last) continue;
    if (!follow) return;
    if (page.data.length === 0) await delay(PAUSE_MS, signal);
  }
}

async function readThroughOutages(
  read: () => Promise<FeedPage>,
  signal: AbortSignal | undefined,
): Promise<FeedPage> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof VeriqueueError && isTransient(error))) throw error;
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      await delay(Math.max(OUTAGE_PAUSE_MS, asked) * (1 + Math.random() / 4), signal);
    }
  }
}
