import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, chromium } from 'playwright-core';
import { pickSystemEnvironment } from '../../shared/system-environment.ts';
import { findOutsideTool } from '../support/outside-tool.ts';

/** Without it the tests that need it are skipped, by name. */
export const hasChromium: boolean = findOutsideTool(
  'chromium',
  ['--version'],
  'apt-get install chromium',
).isPresent;

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
  const browser = await chromium.launch({
    executablePath: findOnPath('chromium'),
    headless: true,
    args: FLAGS,
    env,
  });
  return {
    open: (options = {}) => browser.newContext({ viewport: { width: 1280, height: 900 }, ...options }),
    close: () => browser.close(),
  };
}

/** playwright-core wants a whole path. */
function findOnPath(name: string): string {
  const places = (process.env['PATH'] ?? '').split(delimiter).map((place) => join(place, name));
  const found = places.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`Cannot start a browser: ${name} must be on the PATH`);
  return found;
}
