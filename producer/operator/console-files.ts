import { readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';

/** The page's files by name: `index.html`, `app.js`, `app.css`, `notices.txt`. A few dozen kB, so they are kept in memory. */
export type ConsoleFiles = ReadonlyMap<string, Buffer>;

const FILES = ['index.html', 'app.js', 'app.css', 'notices.txt'] as const;

/**
 * The files as `npm run build` made them. From source, where nothing is built, they are made when first asked for: esbuild is installed, as a
 * development dependency, and a stale build is never shown.
 *
 * @throws {Error} when the build lacks them
 */
export async function loadConsoleFiles(): Promise<() => Promise<ConsoleFiles>> {
  if (!import.meta.url.endsWith('.ts')) {
    const built = await readBuilt();
    return async () => built;
  }
  let bundling: Promise<ConsoleFiles> | undefined;
  return () => {
    bundling ??= bundleNow();
    return bundling;
  };
}

const bundler = z.object({ bundleConsole: z.custom<() => Promise<ConsoleFiles>>() });

/** The name is put together, so that neither compiler nor image takes the bundler for a part of the program. */
async function bundleNow(): Promise<ConsoleFiles> {
  const { href } = new URL(['../../console', 'bundle.ts'].join('/'), import.meta.url);
  return bundler.parse(await import(href)).bundleConsole();
}

async function readBuilt(): Promise<ConsoleFiles> {
  const folder = new URL('../../console/', import.meta.url);
  const present: readonly string[] = await readdir(folder).catch(() => []);
  const missing = FILES.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new Error(`The console is not built: run npm run build (missing ${missing.join(', ')})`);
  }
  return new Map(
    await Promise.all(FILES.map(async (name) => [name, await readFile(new URL(name, folder))] as const)),
  );
}
