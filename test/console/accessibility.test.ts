import axe from 'axe-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { disableEndpoint } from '../../shared/store/endpoints/keep-endpoint-health.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { hasChromium, startBrowser, type TestBrowser } from './browser.ts';
import { type OpenConsole, openConsole } from './open-console.ts';
import { storeSettled } from './stored-verifications.ts';

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
  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test('nothing stands in the way of anybody, at any width', async () => {
      await open.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await open.page.goto('/console');
      expect(await findObstacles()).toEqual([]);
      const client = await open.desk.addClient();
      await disableEndpoint(
        open.desk.redis,
        open.desk.keys,
        `${client.clientId} https://gone.example`,
        Date.now(),
      );
      await storeSettled(open.storing, { reference: 'order-19', delivery: 'dead' });
      await storeSettled(open.storing, { outcome: { verdict: 'error', code: 'FailedOperation.UnKnown' } });
      await open.signIn();
      await open.page.getByText('1 held endpoint').waitFor();
      expect(await findObstacles()).toEqual([]);
      await open.page.setViewportSize({ width: 360, height: 740 });
      expect(await findObstacles()).toEqual([]);
      expect(await open.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
      await open.suspendAccount();
      await open.heading().filter({ hasText: 'Held since' }).waitFor();
      await open.page.getByRole('button', { name: 'Pause…' }).click();
      expect(await findObstacles()).toEqual([]);
    });
  });

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
