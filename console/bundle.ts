import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * The page's files by name: `index.html`, `app.js`, `app.css`, and `notices.txt` with the licenses of what is in them.
 *
 * @throws {Error} of esbuild when the source does not compile
 */
export async function bundleConsole(): Promise<ReadonlyMap<string, Buffer>> {
  const { outputFiles, metafile } = await build({
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
    // Licenses are in notices.txt, as a whole.
    legalComments: 'none',
    banner: { js: '/*! Licenses: notices.txt */' },
    metafile: true,
    logLevel: 'silent',
    write: false,
  });
  const made = outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)] as const);
  const notices = Buffer.from(await collectNotices(Object.keys(metafile.inputs)));
  return new Map([['index.html', await readFile(fileOf('index.html'))], ['notices.txt', notices], ...made]);
}

/**
 * The licenses of the packages that a bundle was made of: most of them ask to go with every copy.
 *
 * @param inputs paths as esbuild gives them, from the working folder
 * @throws {Error} when a package has no license file
 */
async function collectNotices(inputs: readonly string[]): Promise<string> {
  const folders = new Set(
    inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(resolve(input)) ?? []),
  );
  const notices = await Promise.all(
    [...folders].toSorted().map(async (folder) => {
      const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
      const file = (await readdir(folder)).find((name) => /^licen[cs]e/i.test(name));
      if (file === undefined) throw new Error(`Cannot bundle ${manifest.name}: it has no license file`);
      const license = await readFile(join(folder, file), 'utf8');
      return `${manifest.name} ${manifest.version}\n\n${license.trim()}\n`;
    }),
  );
  return notices.join(`\n${'-'.repeat(80)}\n\n`);
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}
