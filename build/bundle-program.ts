import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/** What `build/run.js` can start, without extension. */
export const ENTRIES = [
  'cli/main',
  'dev/start/main',
  'dev/demo/main',
  'producer/main',
  'worker/main',
  'sandbox/main',
] as const;

/**
 * Bundles the program for a start from the checkout: its five hundred modules become some forty, which takes a fifth off the
 * time that a process needs to load. Packages stay where they are. Types are not checked: `npm run check` does.
 *
 * @param draft where it is written
 * @param folder where it is going to lie
 * @throws {Error} of esbuild, with the places where the sources cannot be compiled
 */
export async function bundleProgram(draft: string, folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((entry) => `${entry}.ts`),
    outdir: draft,
    outbase: '.',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    logLevel: 'silent',
    plugins: [keepUrls(folder)],
  });
}

/** A module's URL stays the one that it would have in a build of single files, where scripts and the page of the console lie. */
function keepUrls(folder: string): Plugin {
  return {
    name: 'keep-urls',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const url = pathToFileURL(join(folder, relative(root, path).replace(/\.ts$/, '.js'))).href;
        return { contents: source.replaceAll('import.meta.url', JSON.stringify(url)), loader: 'ts' };
      });
    },
  };
}
