import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { startProcess } from '../../dev/start/child.ts';
import { storeKeys } from '../../shared/store/keys.ts';
import { startBenchRedis } from '../bench-redis.ts';
import { computeMedian } from '../median.ts';
import { addRecord, fillRecords } from './fill-records.ts';

export interface ConsoleBenchOptions {
  readonly verifications: number;
  /** Paints, and later live updates. */
  readonly rounds: number;
  /** How long the page stays open, with a change every 200 ms, before memory is looked at again. */
  readonly seconds: number;
  readonly say: (line: string) => void;
}

const CHROMIUM = '/usr/bin/chromium';
/** The latest, on the overview. */
const ROWS = 10;
const MB = 1_000_000;

/** The console with many verifications stored: first paint with data, live updates, and memory on both sides. */
export async function runConsoleBench(options: ConsoleBenchOptions): Promise<void> {
  const { say } = options;
  const redis = await startBenchRedis(say);
  const keys = storeKeys('main');
  const operatorKey = randomBytes(24).toString('hex');
  await fillRecords(redis.redis, keys, options.verifications, Date.now());
  const producer = await startProcess({
    name: 'producer',
    folder: 'producer',
    environment: {
      PATH: process.env['PATH'],
      REDIS_URL: redis.url,
      VERIQUEUE_KEYS: `k1:${randomBytes(32).toString('base64')}`,
      OPERATOR_KEY: operatorKey,
      PORT: '0',
      LOG_LEVEL: 'error',
    },
    output: 'inherit',
    readyWithinMs: 30_000,
    stopWithinMs: 20_000,
  });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const context = await browser.newContext();
    await context.request.post(`${producer.url}/console/api/session`, {
      data: { key: operatorKey },
      headers: { origin: producer.url },
    });
    say(`${options.verifications} verifications stored`);
    // From source the page is bundled when it is first asked for; a build has it ready.
    await context.request.get(`${producer.url}/console/app.js`);
    const paints = await measurePaints(context, producer.url, options.rounds);
    say(`  first paint with data: ${describe(paints)}`);
    const page = await openPage(context, producer.url);
    const update = async (number: number) => {
      const pipeline = redis.redis.pipeline();
      const id = addRecord(pipeline, keys, number, Date.now());
      await pipeline.exec();
      return id;
    };
    const updates = await measureUpdates(page, update, options.rounds, options.verifications);
    say(`  from a change in Redis to the page: ${describe(updates)}`);
    await watchMemory(page, producer.pid, update, options);
  } finally {
    await browser.close();
    await producer.stop();
    await redis.stop();
  }
}

async function openPage(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${url}/console`);
  await page
    .locator('.list tbody tr')
    .nth(ROWS - 1)
    .waitFor();
  return page;
}

/** From the beginning of the navigation to a frame with the newest verifications in it, by the page's own clock. */
async function measurePaints(context: BrowserContext, url: string, rounds: number): Promise<number[]> {
  const paints: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await context.newPage();
    await page.addInitScript(`
      const watcher = new MutationObserver(() => {
        if (document.querySelectorAll('.list tbody tr').length < ${ROWS}) return;
        watcher.disconnect();
        requestAnimationFrame(() => setTimeout(() => { document.body.dataset.painted = performance.now(); }));
      });
      watcher.observe(document, { childList: true, subtree: true });
    `);
    await page.goto(`${url}/console`);
    const painted = page.locator('body[data-painted]');
    await painted.waitFor();
    paints.push(Number(await painted.getAttribute('data-painted')));
    await page.close();
  }
  return paints;
}

async function measureUpdates(
  page: Page,
  update: (number: number) => Promise<string>,
  rounds: number,
  from: number,
): Promise<number[]> {
  const updates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // At any phase of the server's own rhythm.
    await delay(Math.random() * 1_500);
    const started = performance.now();
    const id = await update(from + round);
    await page.locator(`.list a[href="#/verifications/${id}"]`).waitFor();
    updates.push(performance.now() - started);
  }
  return updates;
}

async function watchMemory(
  page: Page,
  pid: number,
  update: (number: number) => Promise<string>,
  { seconds, verifications, say }: ConsoleBenchOptions,
): Promise<void> {
  const report = async (when: string) =>
    say(
      `  ${when}: page ${(await readHeap(page)).toFixed(1)} MB of script memory, producer ${readRss(pid).toFixed(0)} MB`,
    );
  await report('memory at first');
  const until = Date.now() + seconds * 1_000;
  for (let number = 2 * verifications; Date.now() < until; number += 1) {
    await update(number);
    await delay(200);
  }
  await report(`after ${seconds} s of changes`);
}

/** In use after a collection. */
async function readHeap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize / MB;
}

function readRss(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return (Number(kib) * 1_024) / MB;
}

function describe(times: readonly number[]): string {
  return `median ${computeMedian(times).toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms of ${times.length}`;
}
