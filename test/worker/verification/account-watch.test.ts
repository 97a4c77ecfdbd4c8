import { describe, expect, test } from 'vitest';
import type { LimiterState } from '../../../shared/account/limiter/limiter-state.ts';
import { createAccountWatch } from '../../../worker/verification/account-watch.ts';

const running = { status: 'running' } as LimiterState;
const held = (resumesAt: number) => ({ status: 'held', resumesAt }) as LimiterState;

const untried = { tried: false };
const tried = { tried: true };

function watch(state: LimiterState | (() => LimiterState), others = false) {
  const clock = { now: 1_000_000, reads: 0 };
  const accountWatch = createAccountWatch({
    readState: async () => {
      clock.reads += 1;
      return typeof state === 'function' ? state() : state;
    },
    hasUntried: async () => others,
    now: () => clock.now,
  });
  return { accountWatch, clock };
}

describe('looking at the lane before claiming', () => {
  test('lets everybody pass while it runs, and reads its state once for all of them', async () => {
    const { accountWatch, clock } = watch(running);
    const passages = await Promise.all(Array.from({ length: 50 }, () => accountWatch.pass(untried)));
    expect(passages.every(({ status }) => status === 'open')).toBe(true);
    expect(clock.reads).toBe(1);
  });

  test('lets no verification pass before the next probe is due, and looks again within two seconds', async () => {
    const { accountWatch, clock } = watch(held(1_060_000));
    expect(await accountWatch.pass(untried)).toEqual({ status: 'closed', until: clock.now + 2_000 });
  });

  test('lets one pass when the probe is due, and the next one only after it has left', async () => {
    const { accountWatch } = watch(held(999_000));
    const probe = await accountWatch.pass(untried);
    expect(probe.status).toBe('open');
    expect((await accountWatch.pass(untried)).status).toBe('closed');
    if (probe.status === 'open') probe.leave();
    expect((await accountWatch.pass(untried)).status).toBe('open');
  });

  test('sees at once what a probe has changed', async () => {
    let state = held(999_000);
    const { accountWatch } = watch(() => state);
    const probe = await accountWatch.pass(untried);
    state = running;
    if (probe.status === 'open') probe.leave();
    expect(await Promise.all([accountWatch.pass(untried), accountWatch.pass(untried)])).toMatchObject([
      { status: 'open' },
      { status: 'open' },
    ]);
  });

  test.each(['slow', 'held'] as const)(
    'of a %s lane sends who has failed before behind those who have not, whether a probe is due or not',
    async (status) => {
      for (const resumesAt of [999_000, 1_060_000]) {
        const { accountWatch } = watch({ status, resumesAt } as LimiterState, true);
        const asides = await Promise.all(Array.from({ length: 20 }, () => accountWatch.pass(tried)));
        expect(asides.every((passage) => passage.status === 'aside')).toBe(true);
        expect((await accountWatch.pass(untried)).status).toBe(resumesAt === 999_000 ? 'open' : 'closed');
      }
    },
  );

  test('lets who has failed before pass when no other one waits, and when the lane runs', async () => {
    expect((await watch(held(999_000)).accountWatch.pass(tried)).status).toBe('open');
    expect((await watch(running, true).accountWatch.pass(tried)).status).toBe('open');
  });

  test('changes no order in front of a paused lane', async () => {
    const { accountWatch } = watch({ status: 'paused' } as LimiterState, true);
    expect((await accountWatch.pass(tried)).status).toBe('closed');
  });

  test('asks again after the lane could not be read', async () => {
    let broken = true;
    const { accountWatch } = watch(() => {
      if (broken) throw new Error('Connection is closed');
      return running;
    });
    await expect(accountWatch.pass(untried)).rejects.toThrow('Connection is closed');
    broken = false;
    expect((await accountWatch.pass(untried)).status).toBe('open');
  });
});
