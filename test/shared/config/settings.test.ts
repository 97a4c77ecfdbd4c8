import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { resolveLimiterSettings } from '../../../shared/account/limiter/limiter-settings.ts';
import { EnvironmentError, maskSettings, parseEnvironment } from '../../../shared/config/environment.ts';
import { redisSettings } from '../../../shared/config/redis-settings.ts';
import {
  laneSettings,
  retentionSettings,
  retrySettings,
  upstreamSettings,
  workerSettings,
} from '../../../shared/config/settings.ts';
import { DEFAULT_RETRY_SETTINGS } from '../../../shared/outcomes/retry-policy.ts';
import { defaultDeliverySchedule } from '../../../worker/delivery/delivery-schedule.ts';

describe('the delivery schedule', () => {
  const { DELIVERY_SCHEDULE: durations } = workerSettings;

  test('is by default the one of Standard Webhooks', () => {
    expect(z.object(workerSettings).parse({}).DELIVERY_SCHEDULE).toEqual(defaultDeliverySchedule.delaysMs);
  });

  test.each([
    ['0s, 1d', [0, 86_400_000]],
    ['0s,250ms,5m', [0, 250, 300_000]],
  ])('reads %j', (text, delays) => {
    expect(durations.parse(text)).toEqual(delays);
  });

  test.each(['', '5', '5s,', 's', '-5s', '1.5h', '5 s', '5w', '5s;5m', '1toString'])('refuses %j', (text) => {
    expect(durations.safeParse(text).success).toBe(false);
  });
});

describe('what a part does without being given a setting', () => {
  const defaults = z
    .object({ ...retrySettings, ...workerSettings, ...laneSettings, ...upstreamSettings })
    .partial({
      TENCENTCLOUD_SECRET_ID: true,
      TENCENTCLOUD_SECRET_KEY: true,
    })
    .parse({});

  test('is what the setting’s default makes the retry policy do', () => {
    expect(DEFAULT_RETRY_SETTINGS).toMatchObject({
      retriesAllowed: defaults.RETRIES,
      backoff: { baseMs: defaults.RETRY_BASE, capMs: defaults.RETRY_CAP },
      unknownPolicy: defaults.UNKNOWN_FATE,
      slowAsideMs: 3 * defaults.SLOW_PROBE_INTERVAL,
      holdAsideMs: defaults.PROBE_INTERVAL,
    });
  });

  test('is what the setting’s default makes the limiter do', () => {
    const given = {
      quotaPerSecond: defaults.QUOTA_PER_SECOND,
      probeIntervalMs: defaults.PROBE_INTERVAL,
      slowProbeIntervalMs: defaults.SLOW_PROBE_INTERVAL,
    };
    expect(resolveLimiterSettings()).toEqual(resolveLimiterSettings(given));
  });
});

describe('the environment', () => {
  const schema = z.object({ ...redisSettings, ...retentionSettings });

  test('reports every mistake at once, by variable and without its value', () => {
    const environment = { REDIS_URL: 'http://secret-password@host', RETENTION: 'for-ever' };
    const parse = () => parseEnvironment(schema, environment);
    expect(parse).toThrow(EnvironmentError);
    try {
      parse();
    } catch (error) {
      const { message } = error as EnvironmentError;
      expect(message).toContain('Cannot start: 2 settings are wrong\n');
      expect(message).toContain(
        '\n  REDIS_URL must begin with redis://, rediss://, redis[s]+sentinel://, redis[s]+cluster:// or unix://\n',
      );
      expect(message).toContain('RETENTION');
      expect(message).not.toContain('secret-password');
      expect(message).not.toContain('for-ever');
    }
  });

  test('names what must be set, and takes an empty variable for unset', () => {
    expect(() => parseEnvironment(schema, { REDIS_URL: '' })).toThrow(
      'Cannot start: 1 setting is wrong\n  REDIS_URL must be set',
    );
  });

  test('is shown at start-up with its secrets masked', () => {
    expect(
      maskSettings({ REDIS_URL: 'redis://:secret@host', QUOTA_PER_SECOND: 20, LANE: undefined }),
    ).toEqual({
      REDIS_URL: '(set)',
      QUOTA_PER_SECOND: 20,
    });
  });
});
