import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * The page's files by name: `index.html`, `app.js`, `app.css`.
 *
 * @throws {Error} of esbuild when the source does not compile
 */
export async function bundleConsole(): Promise<ReadonlyMap<string, Buffer>> {
  const { outputFiles } = await build({
    entryPoints: [
      { in: fileOf('main.tsx'), out: 'app' },
      { in: fileOf('styles/app.css'), out: 'app' },
    ],
    tsconfig: fileOf('tsconfig.json'),
    outdir: fileOf('.'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022'],
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  const made = outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)] as const);
  return new Map([['index.html', await readFile(fileOf('index.html'))], ...made]);
}
