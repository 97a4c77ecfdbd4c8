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

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'veriqueue-bill-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** @returns what is in the bill, or why it cannot be read */
async function read(content: string | Buffer, names: Parameters<typeof readBill>[1] = {}) {
  const file = join(folder, 'read.csv');
  await writeFile(file, content);
  return readBill(file, names).catch((error: unknown) => (error instanceof Error ? error.message : error));
}

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

  it('is read in English and in Chinese, and a line that cannot be read is named', async () => {
    expect(await read('\ufeff日期,返回码,次数\n2026/03/01 00:00:00,CompareLowSimilarity,"1,234"\n')).toEqual([
      { day: '2026-03-01', code: LOW, count: 1234 },
    ]);
    expect(await read('When,Result\n20260301,Success\n', { day: 'when' })).toEqual([
      { day: '2026-03-01', code: 'Success', count: 1 },
    ]);
    expect(await read('a,b\n1,2\n')).toMatch('must have a column of days');
    expect(await read('day\n2026-03-01\nyesterday\n')).toMatch('line 3, day: must begin with a day');
    expect(await read('day,count\n2026-03-01,many\n')).toMatch('line 2, count: must be a whole number');
    expect(await read('day\n2026-03-01\n', { code: 'kind' })).toMatch('has no column kind');
  });

  it('is read as spreadsheets write it, and summed up by day and code', async () => {
    expect(
      await read(
        '日期 , 返回码\r\n\r\n2026/3/1,Success\r\n2026年3月1日,Success\r\n2026-03-02 ,Success\r\n,\r\n',
      ),
    ).toEqual([
      { day: '2026-03-01', code: 'Success', count: 2 },
      { day: '2026-03-02', code: 'Success', count: 1 },
    ]);
    expect(await read('day,code,count\n')).toEqual([]);
    // A row of several lines, an empty line and one with a field too few: the line that is wrong is named.
    expect(await read('day,note,count\n2026-03-01,"a\nb",1\n\n2026-03-01,x\n')).toMatch(
      'line 5, count: must be',
    );
    expect(await read('day\n2026-02-30\n')).toMatch('line 2, day: must begin with a day');
    expect(await read('day\n2026-3\n')).toMatch('line 2, day: must begin with a day');
    expect(await read('day\n"2026-03-01\n')).toMatch('must be CSV (RFC 4180): CSV_QUOTE_NOT_CLOSED');
    expect(await read(Buffer.from([0xc8, 0xd5, 0xc6, 0xda, 0x0a]))).toMatch(
      'must be UTF-8, but has another encoding',
    );
  });

  it('is of any length', async () => {
    const calls = '2026-03-01,Success,an account,a product\n';
    expect(await read(`day,code,account,product\n${calls.repeat(20_000)}`)).toEqual([
      { day: '2026-03-01', code: 'Success', count: 20_000 },
    ]);
  });
});

describe('veriqueue usage reconcile', () => {
  const lane = useTestLane();

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
    await writeFile(bill, 'day,code,count\n2026-03-01,Success,6\n2026-03-02,"=HYPERLINK(""x.y"")",1\n');
    const { code, stdout } = await runCli(['usage', 'reconcile', bill], {
      ...{ REDIS_URL: lane.server.url, LANE: keys.lane },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(
      'day,code,billed,unbilled,bill,difference,unknown_fate,counted_free,foreign,not_on_bill\n2026-03-01,Success,3,0,6,3,1,0,2,0\n',
    );
    // No spreadsheet runs what a bill says.
    expect(stdout).toContain(`2026-03-02,"'=HYPERLINK(""x.y"")",0,0,1,1,0,0,1,0`);
  });
});
