import { describe, expect, it } from 'vitest';
import { resolveLimiterSettings } from '../../shared/account/limiter/limiter-settings.ts';
import { type LimiterRecord, NEW_LIMITER, type Waiting } from './limiter-record.ts';
import { computeTurn } from './waiting-processes.ts';

const settings = resolveLimiterSettings();
const nowUs = 1_700_000_000_000_000;
const MS = 1000;

function makeLimiter(...waiters: Waiting[]): LimiterRecord {
  return { ...NEW_LIMITER, size: 20, rateMilli: 20_000, marginUs: 5000, waiters };
}

function makeWaiting(over: Partial<Waiting> = {}): Waiting {
  return { id: 'other', keyUs: nowUs - 500 * MS, dueUs: nowUs + 10 * MS, ...over };
}

const ask = { waitedUs: 0, headStartUs: 0, want: 1 };

describe('the line of processes', () => {
  it.each([
    { name: 'gives a near slot to the only one', line: [], slotMs: 50, mine: true },
    { name: 'gives no slot beyond the horizon', line: [], slotMs: 51, mine: false },
    { name: 'lets an earlier one go first', line: [makeWaiting()], slotMs: 50, mine: false },
    {
      name: 'lets no process wait for a later one',
      line: [makeWaiting({ keyUs: nowUs + 1 })],
      slotMs: 50,
      mine: true,
    },
    {
      name: 'passes over one that is overdue: its process died or stands still',
      line: [makeWaiting({ dueUs: nowUs - 26 * MS })],
      slotMs: 50,
      mine: true,
    },
    {
      name: 'passes over one that would come only after the slot is gone',
      line: [makeWaiting({ dueUs: nowUs + 200 * MS })],
      slotMs: 50,
      mine: true,
    },
    {
      name: 'does not let a process wait for itself',
      line: [makeWaiting({ id: 'me' })],
      slotMs: 50,
      mine: true,
    },
  ])('$name', ({ line, slotMs, mine }) => {
    const turn = computeTurn(makeLimiter(...line), 'me', ask, nowUs + slotMs * MS, settings, nowUs);
    expect(turn.mine).toBe(mine);
  });

  it('puts the more urgent first, until the less urgent has waited longer than the head start', () => {
    const bulk = (waitedMs: number) =>
      makeLimiter(makeWaiting({ keyUs: nowUs - waitedMs * MS, dueUs: nowUs }));
    const interactive = { ...ask, headStartUs: 10_000 * MS };
    expect(computeTurn(bulk(9999), 'me', interactive, nowUs, settings, nowUs).mine).toBe(true);
    expect(computeTurn(bulk(10_001), 'me', interactive, nowUs, settings, nowUs).mine).toBe(false);
  });

  it('sends each back until its own place comes within the horizon', () => {
    const first = makeWaiting({ dueUs: nowUs + 60 * MS });
    const slotUs = nowUs + 110 * MS;
    const turn = computeTurn(makeLimiter(first), 'me', ask, slotUs, settings, nowUs);
    expect(turn).toMatchObject({ mine: false, dueUs: nowUs + 60 * MS + 45_225 });
    expect(turn.waiters.map(({ id }) => id)).toEqual(['other', 'me']);
  });

  it('lets no process sleep longer than the poll', () => {
    const turn = computeTurn(makeLimiter(), 'me', ask, nowUs + 5000 * MS, settings, nowUs);
    expect(turn).toMatchObject({ mine: false, dueUs: nowUs + 250 * MS });
  });

  it('forgets who has not come back for a second', () => {
    const gone = makeWaiting({ dueUs: nowUs - 1_000_001 });
    expect(computeTurn(makeLimiter(gone), 'me', ask, nowUs, settings, nowUs).waiters).toEqual([]);
  });
});
