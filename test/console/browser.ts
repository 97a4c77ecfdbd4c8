import { existsSync } from 'node:fs';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';

/** Debian's; `.ci/run` installs it where it can. */
const CHROMIUM = '/usr/bin/chromium';

/** Without it the tests that need it are left out, and say so. */
export const hasChromium: boolean = existsSync(CHROMIUM);

/** Nothing is kept, nothing is asked of any other host, and neither a graphics card nor a sandbox is needed. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  /** A window of its own: no cookies, nothing remembered. */
  open(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

export async function startBrowser(): Promise<TestBrowser> {
  const env = pickSystemEnvironment(process.env);
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS, env });
  return {
    open: (options = {}) => browser.newContext({ viewport: { width: 1280, height: 900 }, ...options }),
    close: () => browser.close(),
  };
}
