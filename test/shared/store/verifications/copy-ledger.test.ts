import { expect, it } from 'vitest';
import { copyLedgers } from '../../../../shared/store/verifications/copy-ledger.ts';
import { useTestLane } from '../../../support/lane.ts';

const lane = useTestLane();

const DAY = '2026-03-02';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** The day of +08:00 is over. */
const END = Date.parse('2026-03-02T16:00:00Z');
const NOON = END - 12 * HOUR_MS;

it.each([
  { when: 'that was never copied', copiedAt: null, now: END, isCopied: true },
  { when: 'that lasts, copied ten minutes ago', copiedAt: NOON - 10 * MINUTE_MS, now: NOON, isCopied: true },
  {
    when: 'that lasts, copied a moment less ago',
    copiedAt: NOON - 10 * MINUTE_MS + 1,
    now: NOON,
    isCopied: false,
  },
  { when: 'copied an hour after its end', copiedAt: END + HOUR_MS, now: END + 99 * HOUR_MS, isCopied: true },
  { when: 'copied later than that', copiedAt: END + HOUR_MS + 1, now: END + 99 * HOUR_MS, isCopied: false },
])("a day's ledger $when: copied to its clients $isCopied", async ({ copiedAt, now, isCopied }) => {
  const keys = lane.freshKeys();
  await lane.redis.hset(keys.ledger(DAY), 'client_a|Success|billed', '3', 'client_b|Success|billed', '4');
  if (copiedAt !== null) await lane.redis.set(keys.ledgerCopied(DAY), String(copiedAt));
  await copyLedgers(lane.redis, keys, [DAY], { now, report: (name) => expect.fail(name) });
  const copies = ['client_a', 'client_b'].map((client) =>
    lane.redis.hgetall(keys.clientLedger(client, '2026-03')),
  );
  expect(await Promise.all(copies)).toEqual(
    isCopied ? [{ '02|Success|billed': '3' }, { '02|Success|billed': '4' }] : [{}, {}],
  );
  expect(await lane.redis.get(keys.ledgerCopied(DAY))).toBe(String(isCopied ? now : copiedAt));
});
