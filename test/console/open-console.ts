import type { BrowserContext, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { TestRedis } from '../support/redis.ts';
import type { TestBrowser } from './browser.ts';
import { type ConsoleUnderTest, OPERATOR_KEY, startConsoleUnderTest } from './console-under-test.ts';
import type { storeSettled } from './stored-verifications.ts';

/** A console on a lane of its own, and a window on it. */
export interface OpenConsole {
  readonly desk: ConsoleUnderTest;
  readonly context: BrowserContext;
  readonly page: Page;
  /** What the page reported: exceptions, and errors on its console. */
  readonly failures: readonly string[];
  readonly storing: Parameters<typeof storeSettled>[0];
  /** The sentence at the top of the overview. */
  heading(): Locator;
  /** Another page, by its address: `#/clients`. */
  visit(address: string): Promise<void>;
  signIn(key?: string): Promise<void>;
  /** As an account's fault leaves the lane. */
  suspendAccount(): Promise<void>;
  close(): Promise<void>;
}

const WAIT_MS = 20_000;

export async function openConsole(
  redis: TestRedis,
  browser: TestBrowser,
  options: BrowserContextOptions = {},
): Promise<OpenConsole> {
  const desk = await startConsoleUnderTest(redis.url, { environment: { TEST_LANE: 'tests-of-clients' } });
  const context = await browser.open({ baseURL: desk.url, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const failures: string[] = [];
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(message.text());
  });
  return {
    desk,
    context,
    page,
    failures,
    storing: { redis: desk.redis, keys: desk.keys, keyRing: desk.settings.VERIQUEUE_KEYS },
    heading: () => page.locator('#status'),
    visit: async (address) => {
      await page.goto(`/console${address}`);
      await page.locator('nav a[aria-current=page]').waitFor();
    },
    signIn: async (key = OPERATOR_KEY) => {
      await page.goto('/console');
      await page.getByLabel('Operator key').fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.locator('.connection.live').waitFor();
    },
    suspendAccount: async () => {
      const now = Date.now();
      await desk.redis.hset(desk.accountKeys.quota(), {
        gate: 'held',
        gateReason: 'UnauthorizedOperation.Arrears',
        gateSinceUs: String(now * 1000),
        probeAtUs: String((now + 60_000) * 1000),
        size: '20',
        rateMilli: '20000',
      });
    },
    close: async () => {
      await context.close();
      await desk.close();
    },
  };
}
