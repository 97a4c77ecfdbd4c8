import { describe, expect, test } from 'vitest';
import { formatDuration, formatInstant, formatTime } from '../../console/format.ts';
import { computeStatusSentence } from '../../console/status-sentence.ts';
import { en } from '../../console/texts/en.ts';
import { zh } from '../../console/texts/zh.ts';
import type { ConsoleSnapshot } from '../../shared/contract/console.ts';

const moment = { now: Date.parse('2026-03-02T02:20:00Z'), timeZone: 'UTC' };
const rates = (perSecond: readonly number[]) => [
  ...Array<number>(600 - perSecond.length).fill(0),
  ...perSecond,
];

function makeSnapshot(
  lane: Partial<ConsoleSnapshot['lane']> = {},
  rest: Partial<ConsoleSnapshot> = {},
): ConsoleSnapshot {
  return {
    lane: {
      lane: 'main',
      livemode: true,
      status: 'running',
      reason: null,
      since: null,
      resumesAt: null,
      backlog: { interactive: 0, bulk: 0, retrying: 0, verifying: 0, total: 0 },
      quota: { perSecond: 20, effectivePerSecond: 20, inUse: 14, marginMs: 5 },
      estimatedWaitSeconds: 1,
      photosStored: { now: 0, peak: 0 },
      ...lane,
    },
    reasonText: null,
    reasonTextZh: null,
    emptyInSeconds: 0,
    arrivals: { granted: rates([]), refused: rates([]) },
    today: { day: '2026-03-02', outcomes: [] },
    budgets: [],
    deliveries: { waiting: 0, active: 0, retrying: 0, deadLetters: 0, endpoints: { data: [], total: 0 } },
    recent: { data: [], nextCursor: null },
    ...rest,
  };
}

const backlog = { interactive: 300, bulk: 12, retrying: 0, verifying: 0, total: 312 };
const busy = { granted: rates([14, 14, 14, 14, 14, 14, 14, 14, 15, 15]), refused: rates([]) };
const heldEndpoint = {
  clientId: 'client_a',
  origin: 'https://a.example',
  status: 'held',
  reason: 'gone',
  since: null,
  waiting: 3,
} as const;

describe('the sentence at the top', () => {
  test.each([
    ['idle', makeSnapshot(), 'calm', 'Running. 0 of 20 requests/s, nothing waiting.'],
    [
      'busy',
      makeSnapshot({ backlog }, { arrivals: busy, emptyInSeconds: 16 }),
      'calm',
      'Running. 14.2 of 20 requests/s, 312 waiting, empty in 16 s.',
    ],
    [
      'without workers',
      makeSnapshot({ backlog }, { emptyInSeconds: 16 }),
      'alarm',
      'Running, but nothing has been asked for a minute. 312 waiting.',
    ],
    [
      'held',
      makeSnapshot(
        {
          status: 'held',
          reason: 'UnauthorizedOperation.Arrears',
          since: '2026-03-02T02:13:00.000Z',
          resumesAt: '2026-03-02T02:18:00.000Z',
        },
        { reasonText: 'The account is in arrears' },
      ),
      'alarm',
      'Held since 02:13 (The account is in arrears: UnauthorizedOperation.Arrears). Next probe at 02:18.',
    ],
    [
      'slow since yesterday',
      makeSnapshot({
        status: 'slow',
        reason: 'transient failures',
        since: '2026-03-01T23:59:00.000Z',
        backlog,
      }),
      'watch',
      'Slow since 2026-03-01 23:59 (transient failures). 312 waiting.',
    ],
    [
      'paused',
      makeSnapshot({ status: 'paused', reason: 'moving house', since: '2026-03-02T02:13:00.000Z' }),
      'watch',
      'Paused since 02:13 (moving house).',
    ],
  ])('says what is: %s', (_, snapshot, tone, text) => {
    expect(computeStatusSentence(snapshot, moment, en)).toMatchObject({ tone, text });
  });

  test('is said in Chinese as well', () => {
    const waiting = makeSnapshot({ backlog }, { arrivals: busy, emptyInSeconds: 16 });
    expect(computeStatusSentence(waiting, moment, zh)).toMatchObject({
      text: '运行中。每秒 14.2 次请求，配额 20，312 条等待中，约 16 秒后处理完。',
      advice: '无需处理。',
    });
  });

  test('says what can wait until the morning', () => {
    const deliveries = {
      ...makeSnapshot().deliveries,
      deadLetters: 1,
      endpoints: { data: [heldEndpoint, { ...heldEndpoint, clientId: 'b' }], total: 2 },
    };
    expect(computeStatusSentence(makeSnapshot({}, { deliveries }), moment, en)).toMatchObject({
      tone: 'watch',
      advice: 'This can wait until the morning: 1 dead letter, 2 held endpoints.',
    });
  });
});

test.each([
  [0, '0 s'],
  [15.2, '16 s'],
  [119, '119 s'],
  [150, '3 min'],
  [3_600, '1 h'],
  [7_500, '2 h 5 min'],
  [172_800, '2 d'],
  [183_000, '2 d 2 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('times are those of the reader', () => {
  expect(formatTime('2026-03-02T02:13:00Z', moment.now, 'Asia/Shanghai')).toBe('10:13');
  expect(formatTime('2026-03-01T02:13:00Z', moment.now, 'Asia/Shanghai')).toBe('2026-03-01 10:13');
});

test.each([
  ['UTC', '2026-03-02 02:13:05 UTC'],
  ['Asia/Shanghai', '2026-03-02 10:13:05 +08:00'],
])('a time to the second names its zone: %s', (zone, text) => {
  expect(formatInstant('2026-03-02T02:13:05.678Z', zone)).toBe(text);
});
