import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBill } from '../../cli/read-bill.ts';
import { reconcile } from '../../cli/reconcile.ts';
import { useTestLane } from '../support/lane.ts';
import { runCli } from './run-cli.ts';

const LOW = 'FailedOperation.CompareLowSimilarity';
const counts = (billed: number, unbilled: number, unknown: number) => ({ billed, unbilled, unknown });
const usage = (day: string, code: string, of: ReturnType<typeof counts>) => ({
  ...{ day, code, clientId: 'cli_a' },
  ...of,
});
const ledger = {
  data: [
    usage('2026-03-01', 'Success', counts(10, 0, 0)),
    { ...usage('2026-03-01', 'Success', counts(5, 0, 0)), clientId: 'cli_b' },
    usage('2026-03-01', LOW, counts(2, 0, 0)),
    usage('2026-03-01', 'FailedOperation.LifePhotoPoorQuality', counts(0, 4, 0)),
    usage('2026-03-01', 'Veriqueue.Timeout', counts(0, 0, 3)),
    usage('2026-03-02', 'Success', counts(7, 0, 0)),
  ],
};

describe('a bill that is held against the ledger', () => {
  it('is explained by day and code: free calls, unknown fates, foreign calls, and what it lacks', () => {
    const bill = [
      { day: '2026-03-01', code: 'Success', count: 17 },
      { day: '2026-03-01', code: LOW, count: 5 },
      { day: '2026-03-01', code: 'FailedOperation.LifePhotoPoorQuality', count: 1 },
      { day: '2026-03-02', code: 'Success', count: 6 },
    ];
    const none = { unknownFate: 0, countedFree: 0, foreign: 0, notOnBill: 0 };
    const { rows, unknownNotCharged } = reconcile(ledger, bill);
    expect(rows).toMatchObject([
      { code: LOW, billed: 2, bill: 5, difference: 3, ...none, unknownFate: 3 },
      { code: 'FailedOperation.LifePhotoPoorQuality', bill: 1, ...none, countedFree: 1 },
      { code: 'Success', billed: 15, bill: 17, difference: 2, ...none, foreign: 2 },
      { day: '2026-03-02', difference: -1, ...none, notOnBill: 1 },
    ]);
    expect(unknownNotCharged).toBe(0);
  });

  it('agrees, with the unknown fates left over, or is compared day by day without codes', () => {
    const days = reconcile(ledger, [
      { day: '2026-03-01', code: '', count: 18 },
      { day: '2026-03-02', code: '', count: 7 },
    ]);
    expect(days.rows).toMatchObject([
      { day: '2026-03-01', code: '', billed: 17, difference: 1, unknownFate: 1, foreign: 0 },
      { day: '2026-03-02', difference: 0 },
    ]);
    expect(days.unknownNotCharged).toBe(2);
  });

  it('is read in English and in Chinese, and a line that cannot be read is named', () => {
    const read = (text: string, names = {}) => readBill('bill.csv', text, names);
    expect(read('\ufeff日期,返回码,次数\n2026/03/01 00:00:00,CompareLowSimilarity,"1,234"\n')).toEqual([
      { day: '2026-03-01', code: LOW, count: 1234 },
    ]);
    expect(read('When,Result\n20260301,Success\n', { day: 'when' })).toEqual([
      { day: '2026-03-01', code: 'Success', count: 1 },
    ]);
    expect(() => read('a,b\n1,2\n')).toThrow('must have a column of days');
    expect(() => read('day\n2026-03-01\nyesterday\n')).toThrow('line 3, day: must begin with a day');
    expect(() => read('day,count\n2026-03-01,many\n')).toThrow('line 2, count: must be a whole number');
    expect(() => read('day\n2026-03-01\n', { code: 'kind' })).toThrow('has no column kind');
  });
});

describe('veriqueue usage reconcile', () => {
  const lane = useTestLane();
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'veriqueue-bill-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('prints CSV, and what it means', async () => {
    const keys = lane.freshKeys();
    await lane.redis.hset(
      keys.ledger('2026-03-01'),
      'cli_a|Success|billed',
      3,
      'cli_a|Veriqueue.Timeout|unknown',
      1,
    );
    const bill = join(folder, 'bill.csv');
    await writeFile(bill, 'day,code,count\n2026-03-01,Success,6\n');
    const { code, stdout } = await runCli(['usage', 'reconcile', bill], {
      ...{ REDIS_URL: lane.server.url, LANE: keys.lane },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(
      'day,code,billed,unbilled,bill,difference,unknown_fate,counted_free,foreign,not_on_bill\n2026-03-01,Success,3,0,6,3,1,0,2,0',
    );
  });
});
