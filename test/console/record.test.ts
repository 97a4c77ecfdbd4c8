import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { consoleRecordOfProcessing } from '../../shared/contract/record-of-processing.ts';
import {
  ANNOUNCE_EVERY_MS,
  announceSettings,
  type ProcessSettings,
} from '../../shared/store/processing-settings.ts';
import { DAY_MS } from '../../shared/time-units.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
import { type ConsoleUnderTest, startConsoleUnderTest } from './console-under-test.ts';
import { openConsole } from './open-console.ts';

let redis: TestRedis;
let desk: ConsoleUnderTest;
let browser: TestBrowser | undefined;

const environment = { RETENTION: '20d', AUDIT_RETENTION: '500d', LOG_SHARING: 'false' };
const workers: ProcessSettings = {
  ...{ retentionMs: 20 * DAY_MS, subjectTtlMs: 3 * DAY_MS, auditRetentionMs: 500 * DAY_MS },
  ...{ hasObjectStore: false, sharesLogs: false },
};

beforeAll(async () => {
  redis = await startTestRedis();
  if (hasChromium) browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await redis?.stop();
});
beforeEach(async () => {
  desk = await startConsoleUnderTest(redis.url, { environment });
});
afterEach(() => desk?.close());

const read = async (language = 'en') =>
  consoleRecordOfProcessing.parse(await desk.read(`/console/api/record-of-processing?language=${language}`));
const announce = (settings: ProcessSettings, at: number) =>
  announceSettings(desk.redis, desk.keys, settings, at);
const cells = async () => (await read()).record?.rows.flat().join('\n') ?? '';

describe('the record of processing', () => {
  test('is not made up before a worker has said with which settings it runs', async () => {
    expect(await read()).toEqual({ record: null, saidAt: null });
    expect((await desk.operator('/console/api/record-of-processing.md')).status).toBe(404);
  });

  test('has the settings of workers and producer, in either language, and as a page', async () => {
    const at = Date.parse('2030-01-31T00:00:00Z');
    await announce(workers, at);
    const { record, saidAt } = await read();
    expect(saidAt).toBe('2030-01-31T00:00:00.000Z');
    expect(record?.about).toContain(desk.keys.lane);
    const text = await cells();
    expect(text).toContain('20 d after the event was delivered (RETENTION)');
    expect(text).toContain('3 d at most (SUBJECT_TTL)');
    expect(text).toContain('500 d (AUDIT_RETENTION)');
    expect(text).not.toContain('LOG_SHARING');
    expect(record?.notes.join()).not.toContain('different values');
    expect((await read('zh')).record?.rows.flat()).toContain('身份证号和姓名');
    const page = await desk.operator('/console/api/record-of-processing.md?language=zh');
    expect(page.headers.get('content-type')).toContain('text/markdown');
    expect(await page.text()).toMatch(/^# 处理活动记录\n[\s\S]*\| --- \| --- \| --- \| --- \|\n/);
    expect((await desk.operator('/console/api/record-of-processing?language=fr')).status).toBe(422);
  });

  test('states the longest and names what differs, until the others are gone', async () => {
    const at = Date.now();
    await announce(workers, at);
    await announce({ ...workers, subjectTtlMs: 9 * DAY_MS, sharesLogs: true }, at + 1);
    const both = await read();
    expect(both.record?.notes[0]).toContain('different values of SUBJECT_TTL, LOG_SHARING');
    expect(await cells()).toMatch(/9 d at most \(SUBJECT_TTL\)[\s\S]*LOG_SHARING/);
    await announce(workers, at + 3 * ANNOUNCE_EVERY_MS + 2);
    expect(await cells()).toContain('3 d at most (SUBJECT_TTL)');
    expect((await read()).record?.notes[0]).not.toContain('different values');
    expect(await desk.redis.hlen(desk.keys.processingSettings())).toBe(1);
  });

  test('passes by what it cannot read', async () => {
    await desk.redis.hset(desk.keys.processingSettings(), 'no JSON', '1', '{"retentionMs":1}', 'never');
    expect(await read()).toEqual({ record: null, saidAt: null });
  });

  test.skipIf(!hasChromium)(
    'is a page of the console, reached from Activity, in the language of the reader',
    async () => {
      const shown = browser ?? expect.fail('Chromium is installed');
      const open = await openConsole(redis, shown);
      try {
        await open.signIn();
        await open.visit('#/activity');
        await open.page.getByRole('link', { name: 'Record of processing' }).click();
        await open.page.getByText('No worker of this lane has said').waitFor();
        await announceSettings(open.desk.redis, open.desk.keys, workers, Date.now());
        await open.page.reload();
        const row = open.page.getByRole('row').filter({ hasText: 'ID number and name' });
        await row.getByText('3 d at most (SUBJECT_TTL)').waitFor();
        // The producer has other values than the workers: that is said.
        await open.page.getByText('Processes run with different values of RETENTION').waitFor();
        await open.page.getByLabel('Language').selectOption('zh');
        await open.page.getByRole('row').filter({ hasText: '身份证号和姓名' }).waitFor();
        const saving = open.page.waitForEvent('download');
        await open.page.getByRole('link', { name: '保存为 Markdown' }).click();
        expect((await saving).suggestedFilename()).toBe('record-of-processing.md');
        expect(open.failures).toEqual([]);
      } finally {
        await open.close();
      }
    },
  );
});
