import type { StormFacts } from './storm-facts.ts';

export interface FeedBreach {
  readonly invariant: 'feed_gap' | 'feed_differs';
  readonly detail: string;
}

/** Whether the feed numbers its events 1, 2, 3 … and each event has reached the receiver under its number. */
export function judgeFeed({ feed, posts }: Pick<StormFacts, 'feed' | 'posts'>): readonly FeedBreach[] {
  if (feed === null) return [];
  const gaps = feed.flatMap(({ sequence }, i): FeedBreach[] =>
    sequence === i + 1 ? [] : [{ invariant: 'feed_gap', detail: `${sequence} at place ${i + 1}` }],
  );
  const numbers = new Map(feed.map(({ webhookId, sequence }) => [webhookId, sequence]));
  const different = posts.flatMap(({ webhookId, event }): FeedBreach[] => {
    const inFeed = numbers.get(webhookId) ?? null;
    if (inFeed === event.sequence && inFeed !== null) return [];
    return [
      { invariant: 'feed_differs', detail: `${webhookId} came as ${event.sequence}, the feed has ${inFeed}` },
    ];
  });
  // One place that is off shifts all behind it: the first says enough.
  return [...gaps.slice(0, 1), ...different.slice(0, 10)];
}
