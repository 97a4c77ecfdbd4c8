import { describe, expect, it } from 'vitest';
import {
  type ConsoleSessions,
  createConsoleSessions,
  MAX_SESSIONS,
  SESSION_IDLE_MS,
  SESSION_MS,
} from '../../../../shared/store/operators/console-sessions.ts';
import { useTestLane } from '../../../support/lane.ts';

const lane = useTestLane();

const NOW = 1_900_000_000_000;
const MINUTE_MS = 60_000;
const open = () => createConsoleSessions(lane.redis, lane.freshKeys());
const usedAt = async (sessions: ConsoleSessions) => (await sessions.list(NOW)).map((each) => each.usedAt);

describe('a console session', () => {
  it('that was used longest ago gives way to one too many, and no other does', async () => {
    const sessions = open();
    // Begun in one order and used in another, so that neither the first nor the last is the one used longest ago.
    for (let i = 0; i < MAX_SESSIONS; i += 1) await sessions.begin(`s${i}`, null, NOW - 20 * MINUTE_MS + i);
    const order = Array.from({ length: MAX_SESSIONS }, (_, i) => (i * 37 + 11) % MAX_SESSIONS);
    for (const [nth, i] of order.entries()) await sessions.use(`s${i}`, NOW - 10 * MINUTE_MS + nth);
    expect(await usedAt(sessions)).toHaveLength(MAX_SESSIONS);
    await sessions.begin('new', null, NOW);
    const left = new Set(await usedAt(sessions));
    expect([left.size, left.has(NOW), left.has(NOW - 10 * MINUTE_MS)]).toEqual([MAX_SESSIONS, true, false]);
    expect(await sessions.use(`s${order[0]}`, NOW)).toBeNull();
  });

  it.each([
    { end: 'an hour without use', last: NOW - SESSION_IDLE_MS, begun: NOW - SESSION_IDLE_MS },
    { end: 'twelve hours, however much it is used', last: NOW - MINUTE_MS, begun: NOW - SESSION_MS },
  ])('is over after $end, and goes with the next sign-in', async ({ last, begun }) => {
    const keys = lane.freshKeys();
    const sessions = createConsoleSessions(lane.redis, keys);
    await sessions.begin('over', null, begun);
    await lane.redis.hset(
      keys.consoleSessions(),
      'over',
      `${begun} ${last}`,
      'lasts',
      `${begun + 1} ${last + 1}`,
    );
    expect([await sessions.use('over', NOW), await sessions.use('lasts', NOW)]).toEqual([
      null,
      expect.objectContaining({ begunAt: begun + 1 }),
    ]);
    await sessions.begin('new', null, NOW);
    expect((await lane.redis.hkeys(keys.consoleSessions())).toSorted()).toEqual(['lasts', 'new']);
  });
});
