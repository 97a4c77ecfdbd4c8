import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { EnvironmentError, maskSettings, parseEnvironment } from '../../../shared/config/environment.ts';
import { redisSettings, retentionSettings, workerSettings } from '../../../shared/config/settings.ts';
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

describe('the environment', () => {
  const schema = z.object({ ...redisSettings, ...retentionSettings });

  test('tells every mistake at once, by variable and without its value', () => {
    const environment = { REDIS_URL: 'http://secret-password@host', RETENTION: 'for-ever' };
    const parse = () => parseEnvironment(schema, environment);
    expect(parse).toThrow(EnvironmentError);
    try {
      parse();
    } catch (error) {
      const { message } = error as EnvironmentError;
      expect(message).toContain('REDIS_URL');
      expect(message).toContain('RETENTION');
      expect(message).not.toContain('secret-password');
      expect(message).not.toContain('for-ever');
    }
  });

  test('names what must be set, and takes an empty variable for unset', () => {
    expect(() => parseEnvironment(schema, { REDIS_URL: '' })).toThrow('REDIS_URL: must be set');
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
