import axe from 'axe-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
import { fillConsole } from './every-page.ts';
import { type OpenConsole, openConsole } from './open-console.ts';

let redis: TestRedis;
let browser: TestBrowser;
let open: OpenConsole;

beforeAll(async () => {
  if (hasChromium) [redis, browser] = await Promise.all([startTestRedis(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await redis?.stop();
});
beforeEach(async () => {
  if (hasChromium) open = await openConsole(redis, browser);
});
afterEach(() => open?.close());

describe.skipIf(!hasChromium)('everybody can use it', () => {
  // Seventy looks at a page of axe each, which a busy machine takes its time for.
  describe.each(['en', 'zh'] as const)('in %s', { timeout: 400_000 }, (language) => {
    test('nothing stands in the way of anybody, on any page, at any width, in light and dark', async () => {
      await open.page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
      await open.page.goto('/console');
      expect(await findObstaclesInBothThemes()).toEqual([]);
      const { addresses } = await fillConsole(open);
      await open.signIn();
      await open.page.evaluate(`localStorage.setItem('veriqueue.language', '${language}')`);
      await open.page.reload();
      for (const width of [1280, 360]) {
        await open.page.setViewportSize({ width, height: 740 });
        for (const address of addresses) {
          await open.visit(address);
          await open.page.locator('main :is(tbody tr, .chart)').first().waitFor();
          // Who has a share of the quota is read after the list of clients.
          if (address === '#/clients') await open.page.locator('[aria-labelledby=shares] tbody tr').waitFor();
          expect([address, await findObstaclesInBothThemes()]).toEqual([address, []]);
          const scrolled = await open.page.evaluate('document.documentElement.scrollWidth');
          expect([address, scrolled]).toEqual([address, width]);
        }
      }
    });
  });

  test('nothing stands in the way of a chart as a table, of a form in a list, of a key that is shown, and of a warning', async () => {
    const { clientId } = await fillConsole(open);
    await open.signIn();
    for (const address of ['#/overview', '#/usage', '#/deliveries']) {
      await open.visit(address);
      await open.page.locator('.chart-table summary').first().click();
      await open.page.locator('.chart-table :is(td, .none)').first().waitFor();
      expect([address, await findObstaclesInBothThemes()]).toEqual([address, []]);
    }
    await open.visit(`#/clients/${clientId}`);
    await open.page.getByRole('button', { name: 'Change https://gone.example/events' }).click();
    await open.page.getByRole('button', { name: 'Save the endpoint' }).waitFor();
    expect(await findObstaclesInBothThemes()).toEqual([]);
    await open.visit('#/operators');
    await open.page.locator('input[name=name]').fill('third');
    await open.page.locator('select[name=role]').selectOption('read_only');
    await open.page.getByRole('button', { name: 'Create the key' }).click();
    await open.page.locator('.secrets code').waitFor();
    expect(await findObstaclesInBothThemes()).toEqual([]);
    await open.page.getByRole('button', { name: 'Revoke the key of chen.jie' }).click();
    await open.page.locator('dialog .warning').waitFor();
    expect(await findObstaclesInBothThemes()).toEqual([]);
  });

  test('nothing stands in the way in a dialog, at a fault, or without a connection', async () => {
    await open.page.emulateMedia({ reducedMotion: 'reduce' });
    await open.signIn();
    await open.suspendAccount();
    await open.heading().filter({ hasText: 'Held since' }).waitFor();
    await open.page.getByRole('button', { name: 'Pause…' }).click();
    expect(await findObstacles()).toEqual([]);
    await open.page.keyboard.press('Escape');
    await open.context.setOffline(true);
    await open.desk.stop();
    await open.page.getByText('What you see is old.').waitFor();
    expect(await findObstacles()).toEqual([]);
  });

  async function findObstaclesInBothThemes(): Promise<string[]> {
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await open.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      found.push(...(await findObstacles()).map((obstacle) => `${colorScheme}: ${obstacle}`));
    }
    return found;
  }

  /** axe's findings: the rule and where. */
  async function findObstacles(): Promise<string[]> {
    await open.page.evaluate(axe.source);
    return open.page.evaluate(async () => {
      const { axe: here } = globalThis as unknown as { axe: { run(): Promise<AxeResults> } };
      const { violations } = await here.run();
      return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
    });
  }
});

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}
