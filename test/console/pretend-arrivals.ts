import type { ConsoleUnderTest } from './console-under-test.ts';

/** The limiter counts so far back. */
const SECONDS = 640;

/** An hour's end at full quota: a quiet beginning, a wave, and two refusals on the way. */
export async function pretendArrivals(desk: ConsoleUnderTest): Promise<void> {
  const second = Math.floor(Date.now() / 1_000) + 30;
  const fields = Array.from({ length: SECONDS }, (_, ago) => {
    const wave = 11 + 8 * Math.cos((ago - 30) / 90) + 1.6 * Math.sin(ago * 2.4);
    const granted = Math.max(0, Math.min(20, Math.round(wave)));
    const refused = ago === 200 || ago === 340 ? 1 : 0;
    return [`t${(second - ago) % SECONDS}`, `${second - ago}:${granted}:${refused}`];
  });
  await desk.redis.hset(desk.accountKeys.quota(), {
    ...Object.fromEntries(fields),
    size: '20',
    rateMilli: '20000',
  });
}
