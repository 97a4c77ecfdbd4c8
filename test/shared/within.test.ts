import { describe, expect, test } from 'vitest';
import { within } from '../../shared/within.ts';

const never = new Promise<string>(() => undefined);

describe('a promise that is given a time', () => {
  test('has its value when it is in time', async () => {
    expect(await within(60_000, Promise.resolve('value'))).toBe('value');
  });

  test('fails as it does when it is in time', async () => {
    await expect(within(60_000, Promise.reject(new Error('refused')))).rejects.toThrow('refused');
  });

  test('is expired when it is not', async () => {
    expect(await within(1, never)).toBe('expired');
  });
});
