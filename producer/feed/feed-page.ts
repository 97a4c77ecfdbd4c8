import type { EventsGone } from '../../shared/contract/feed.ts';
import type { FeedReading, NumberedEvent } from '../../shared/store/verifications/read-feed.ts';
import { webhookId } from '../../shared/webhook/webhook-id.ts';

/** A page of the feed, each entry as the JSON that is sent. */
export interface WrittenPage {
  readonly entries: readonly string[];
  readonly nextAfter: number;
  readonly last: number;
}

/** What of the feed is wanted. */
export interface FeedSection {
  readonly after: number;
  /** Events of a page. */
  readonly limit: number;
  readonly type?: string | undefined;
}

/**
 * Makes a page of what was read. Each number from `after` to `nextAfter` is in it: as an event, in a range that is gone, or
 * left out because of its type.
 */
export function writePage(
  { last, upTo, events }: FeedReading,
  { after, limit, type }: FeedSection,
): WrittenPage {
  const entries: string[] = [];
  let next = after + 1;
  let written = 0;
  const skipTo = (sequence: number) => {
    if (sequence > next) entries.push(writeGone({ type: 'events.gone', from: next, sequence: sequence - 1 }));
    next = Math.max(next, sequence);
  };
  for (const event of events) {
    if (written === limit) return { entries, nextAfter: next - 1, last };
    skipTo(event.sequence);
    next = event.sequence + 1;
    if (type !== undefined && !isOfType(event, type)) continue;
    entries.push(writeEvent(event));
    written += 1;
  }
  skipTo(upTo + 1);
  return { entries, nextAfter: next - 1, last };
}

const writeGone = (gone: EventsGone): string => JSON.stringify(gone);

/** The body is not parsed: what is sent is what was, or will be, delivered. */
const writeEvent = ({ id, body }: NumberedEvent): string =>
  `{"id":${JSON.stringify(webhookId(id))},${body.slice(1)}`;

const isOfType = ({ body }: NumberedEvent, type: string): boolean =>
  body.startsWith(`{"type":${JSON.stringify(type)}`);
