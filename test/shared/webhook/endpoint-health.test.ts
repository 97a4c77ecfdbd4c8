import { describe, expect, test } from 'vitest';
import {
  type EndpointHealth,
  healthyEndpoint,
  parseEndpointHealth,
  reduceEndpointHealth,
  writeEndpointHealth,
} from '../../../shared/store/endpoints/endpoint-health.ts';
import type { DeliveryResult } from '../../../shared/webhook/delivery-result.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

const results = {
  ok: { result: 'accepted', status: 204, durationMs: 1, answer: '' },
  gone: { result: 'refused', status: 410, retryAfterMs: null, durationMs: 1, answer: '' },
  error: { result: 'refused', status: 500, retryAfterMs: null, durationMs: 1, answer: '' },
  reset: { result: 'unreachable', errorClass: 'reset', durationMs: 1 },
} as const satisfies Record<string, DeliveryResult>;

type Step = readonly [at: number, result: keyof typeof results];

function play(steps: readonly Step[], start: EndpointHealth = healthyEndpoint): EndpointHealth {
  return steps.reduce((health, [at, name]) => reduceEndpointHealth(health, results[name], at), start);
}

const disabled = (reason: 'gone' | 'failing_for_days', failingSince: number, disabledAt: number) => ({
  status: 'disabled',
  reason,
  failingSince,
  disabledAt,
});

describe('reduceEndpointHealth', () => {
  test.each<[name: string, steps: Step[], expected: object]>([
    ['a success at a healthy endpoint', [[0, 'ok']], { status: 'healthy' }],
    ['a first failure', [[7, 'reset']], { status: 'failing', failingSince: 7, goneSince: null }],
    [
      'a success after failures',
      [
        [7, 'reset'],
        [9, 'ok'],
      ],
      { status: 'healthy' },
    ],
    ['a first 410', [[7, 'gone']], { status: 'failing', failingSince: 7, goneSince: 7 }],
    [
      'two 410 less than five minutes apart',
      [
        [0, 'gone'],
        [5 * minuteMs - 1, 'gone'],
      ],
      { status: 'failing', failingSince: 0, goneSince: 0 },
    ],
    [
      'two 410 five minutes apart',
      [
        [0, 'gone'],
        [5 * minuteMs, 'gone'],
      ],
      disabled('gone', 0, 5 * minuteMs),
    ],
    [
      'a 500 between two 410',
      [
        [0, 'gone'],
        [minuteMs, 'error'],
        [6 * minuteMs, 'gone'],
      ],
      { status: 'failing', failingSince: 0, goneSince: 6 * minuteMs },
    ],
    [
      'a success between two 410',
      [
        [0, 'gone'],
        [minuteMs, 'ok'],
        [6 * minuteMs, 'gone'],
      ],
      { status: 'failing', failingSince: 6 * minuteMs, goneSince: 6 * minuteMs },
    ],
    [
      'no answer between two 410',
      [
        [0, 'gone'],
        [minuteMs, 'reset'],
        [6 * minuteMs, 'gone'],
      ],
      disabled('gone', 0, 6 * minuteMs),
    ],
    [
      'no answer long after a 410',
      [
        [0, 'gone'],
        [6 * minuteMs, 'reset'],
      ],
      { status: 'failing', failingSince: 0, goneSince: 0 },
    ],
    [
      'failures for a moment less than five days',
      [
        [0, 'error'],
        [5 * dayMs - 1, 'reset'],
      ],
      { status: 'failing', failingSince: 0, goneSince: null },
    ],
    [
      'failures for five days',
      [
        [0, 'error'],
        [dayMs, 'reset'],
        [5 * dayMs, 'error'],
      ],
      disabled('failing_for_days', 0, 5 * dayMs),
    ],
    [
      'a success within the five days',
      [
        [0, 'error'],
        [4 * dayMs, 'ok'],
        [4 * dayMs + 1, 'error'],
        [6 * dayMs, 'error'],
      ],
      { status: 'failing', failingSince: 4 * dayMs + 1, goneSince: null },
    ],
    [
      'whatever comes in after the hold, a success too',
      [
        [0, 'gone'],
        [5 * minuteMs, 'gone'],
        [6 * minuteMs, 'error'],
        [7 * minuteMs, 'ok'],
      ],
      disabled('gone', 0, 5 * minuteMs),
    ],
  ])('%s', (_, steps, expected) => {
    expect(play(steps)).toEqual(expected);
  });

  test('an enabled endpoint starts afresh', () => {
    expect(play([[9 * dayMs, 'gone']], healthyEndpoint)).toEqual({
      status: 'failing',
      failingSince: 9 * dayMs,
      goneSince: 9 * dayMs,
    });
  });

  test('gives back the same object when nothing changed, so that nothing need be written', () => {
    const failing = play([[0, 'error']]);
    expect(play([[1, 'reset']], failing)).toBe(failing);
    expect(play([[1, 'ok']])).toBe(healthyEndpoint);
  });

  test('every state survives being written and read back', () => {
    for (const steps of [
      [],
      [[0, 'gone']],
      [
        [0, 'gone'],
        [5 * minuteMs, 'gone'],
      ],
    ] satisfies Step[][]) {
      const state = play(steps);
      expect(parseEndpointHealth(writeEndpointHealth(state))).toEqual(state);
    }
  });

  test('a disabled endpoint is written in the words of the version before, and read from them', () => {
    const stored = { status: 'held', reason: 'operator', failingSince: 1, heldAt: 2 };
    const health = { status: 'disabled', reason: 'operator', failingSince: 1, disabledAt: 2 } as const;
    expect(parseEndpointHealth(JSON.stringify(stored))).toEqual(health);
    expect(JSON.parse(writeEndpointHealth(health))).toEqual(stored);
  });
});
