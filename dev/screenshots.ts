import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBrowser } from '../test/console/browser.ts';
import { fillConsole } from '../test/console/every-page.ts';
import { type OpenConsole, openConsole } from '../test/console/open-console.ts';
import { pretendArrivals } from '../test/console/pretend-arrivals.ts';
import { startTestRedis } from '../test/support/redis.ts';

/**
 * `node --import tsx dev/screenshots.ts FOLDER`: every page of the console, filled and empty, in both languages and both themes,
 * as wide as a desk and as a phone. For eyes: what a page looks like, no test can say.
 */

const WIDTHS = { desk: 1280, phone: 390 } as const;
const LANGUAGES = ['en', 'zh'] as const;
const THEMES = ['light', 'dark'] as const;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Cannot take screenshots: the argument must be a folder for them');

const [redis, browser] = await Promise.all([startTestRedis(), startBrowser()]);
await mkdir(folder, { recursive: true });

async function takeAll(open: OpenConsole, prefix: string, addresses: readonly string[]): Promise<void> {
  for (const language of LANGUAGES) {
    await open.page.evaluate(`localStorage.setItem('veriqueue.language', '${language}')`);
    await open.page.reload();
    for (const [size, width] of Object.entries(WIDTHS)) {
      await open.page.setViewportSize({ width, height: 900 });
      for (const address of addresses) {
        await open.visit(address);
        await open.page.locator('main :is(tbody tr, .chart, .none)').first().waitFor();
        // Charts and lists that are read after it.
        await open.page.waitForTimeout(700);
        for (const colorScheme of THEMES) {
          await open.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
          const name = address.replace('#/', '').replace(/\/.*/, '-one');
          const path = join(folder ?? '', `${prefix}${name}-${language}-${size}-${colorScheme}.png`);
          await open.page.screenshot({ path, fullPage: true });
        }
      }
    }
  }
}

const pages = (addresses: readonly string[]) => addresses.filter((address) => !/\//.test(address.slice(2)));

const filled = await openConsole(redis, browser);
const { addresses } = await fillConsole(filled);
await pretendArrivals(filled.desk);
await filled.signIn();
await takeAll(filled, '', addresses);
await filled.close();

const empty = await openConsole(redis, browser);
await empty.page.goto('/console');
await empty.page.screenshot({ path: join(folder, 'sign-in-en-desk-light.png') });
await empty.signIn();
await takeAll(empty, 'empty-', pages(addresses));
await empty.close();

await browser.close();
await redis.stop();
